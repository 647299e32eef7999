// handles that travel through themselves
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct node {
    troupe::queue<node> next;
    int x = 0;
};
struct carry;
using conn = troupe::connection<carry, carry>;
struct carry {
    int x = 0;
    std::vector<conn> c{};
};
troupe::task<int> program(std::vector<std::string> args) {
    const int n = args.empty() ? 20000 : std::stoi(args[0]);
    const std::string mode = args.size() > 1 ? args[1] : "self";
    int made = 0;
    try {
        for (; made < n; ++made) {
            if (mode == "self") {
                troupe::queue<node> q;
                co_await q.put(node{q, 1});
            }
            if (mode == "pair") {
                troupe::queue<node> p, q;
                co_await q.put(node{p, 1});
                co_await p.put(node{q, 1});
            }
            if (mode == "plain") {
                troupe::queue<node> p, q;
                co_await q.put(node{p, 1});
            }
            if (mode == "drop") {
                troupe::queue<int> q;
                co_await q.put(1);
            }
            if (mode == "pipe") {
                auto [a, b] = troupe::pipe<carry, carry>();
            }
            if (mode == "pipeself") {
                auto [a, b] = troupe::pipe<carry, carry>();
                carry m;
                m.c.push_back(std::move(b));
                co_await a.send(m);
            }
            if (mode == "pipeself2") {
                auto [a, b] = troupe::pipe<carry, carry>();
                carry m;
                m.c.push_back(std::move(a));
                try {
                    co_await a.send(m);
                } catch (const troupe::error& e) {
                    if (made == 0) std::printf("%s\n", e.what());
                }
            }
            if (made % 1000 == 0) co_await troupe::sleep_for(1ms);
        }
        std::printf("%s: %d made\n", mode.c_str(), made);
    } catch (const troupe::error& e) {
        std::printf("%s: after %d: %s\n", mode.c_str(), made, e.what());
    }
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
