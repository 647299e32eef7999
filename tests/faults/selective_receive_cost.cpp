// selective receive with a long mailbox: cost of n receives behind n others
#include <chrono>
#include <cstdio>
#include <troupe/troupe.hpp>
#include <vector>
using namespace std::chrono;
struct noise {
    int x;
};
struct wanted {
    int x;
};
struct go {
    using reply = double;
    int n;
    int mode;
};
troupe::task<> reader(troupe::mailbox<noise, wanted, go> in) {
    while (auto g = co_await in.receive<go>()) {
        const int n = g->n;
        const auto t0 = steady_clock::now();
        int next = 0;
        bool ok = true;
        if (g->mode == 0)
            for (int i = 0; i < n; ++i) {
                auto w = co_await in.receive<wanted>();
                ok = ok && w && w->x == next++;
            }
        if (g->mode == 1) {
            while (next < n) {
                auto v = co_await in.receive_many<wanted>(64);
                for (auto& w : v) ok = ok && w.x == next++;
            }
        }
        const double first = duration<double, std::micro>(steady_clock::now() - t0).count() / n;
        for (int i = 0; i < n; ++i) {
            auto w = co_await in.receive<noise>();
            ok = ok && w && w->x == i;
        }
        g->reply(ok ? first : -1);
    }
}
// replies while many letters wait: the gen_udp/gen_call case
struct echo {
    using reply = int;
    int x;
};
troupe::task<> echoer(troupe::mailbox<echo> in) {
    co_await in.serve([](echo e) { return e.x; });
}
struct fill {
    using reply = int;
};
troupe::task<> caller(troupe::mailbox<noise, fill> in, troupe::actor<echo> e) {
    auto f = co_await in.receive<fill>();
    f->reply(1);
    for (int round = 0; round < 2; ++round) {
        auto t0 = steady_clock::now();
        for (int i = 0; i < 2000; ++i) co_await e.ask(echo{i});
        std::printf("2000 asks with a long mailbox: %.1f us each\n",
                    duration<double, std::micro>(steady_clock::now() - t0).count() / 2000);
        if (round == 0)
            while (in.try_receive()) {
            }
    }
}
troupe::task<int> program() {
    auto r = co_await troupe::spawn<reader>({.mailbox = 64 << 20});
    for (int mode : {0, 1})
        for (int n : {1000, 2000, 4000, 8000, 16000, 32000}) {
            std::vector<noise> a(n);
            std::vector<wanted> b(n);
            for (int i = 0; i < n; ++i) {
                a[i].x = i;
                b[i].x = i;
            }
            if (mode == 0) {
                for (auto& m : a) co_await r.send(m);
                for (auto& m : b) co_await r.send(m);
            } else {
                co_await r.send_many(a);
                co_await r.send_many(b);
            }
            double us = co_await r.ask(go{n, mode}, 50s);
            std::printf("mode %d n %d: %.3f us per wanted\n", mode, n, us);
        }
    auto e = co_await troupe::spawn<echoer>();
    auto c = co_await troupe::spawn<caller>({.mailbox = 64 << 20}, e);
    std::vector<noise> a(100000);
    co_await c.send_many(a);
    co_await c.ask(fill{});
    co_await c.join();
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
