// Ten thousand connections at once in a program that may have 1,024 open files, as each of its actors: every one of
// them is served or refused with an error, and those that are served go on.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

using namespace std::chrono_literals;

namespace {

// Fewer are on their way at a time than may wait to be accepted (4,096), so that the system refuses none by itself.
constexpr int visitors = 20, of_each = 500, at_a_time = 100, people = visitors * of_each;
constexpr rlim_t open_files = 1024;

// --- the server

troupe::task<> answer(troupe::socket client) {
    try {
        std::string line;
        for (;;) {
            const bool more = co_await client.read_line(line);
            if (!more) break;
            co_await client.write(line + "\n");
        }
    } catch (const troupe::io_failed&) {
        // it has hung up
    }
}

troupe::task<> serve(troupe::queue<std::string> where, troupe::shared_array<int> refused) {
    auto here = troupe::listener::tcp("127.0.0.1", 0);
    co_await where.put(here.address());
    co_await troupe::task_group::run([&](troupe::task_group& clients) -> troupe::task<> {
        for (;;) {
            try {
                auto client = co_await here.accept();
                clients.start(answer(std::move(client)));
            } catch (const troupe::io_failed&) {
                ++refused[0];
            }
        }
    });
}

// --- the crowd

struct account {
    int answered = 0, answered_again = 0;
};

troupe::task<> connect(troupe::socket* into, std::string address) {
    try {
        *into = co_await troupe::socket::connect(std::move(address));
    } catch (const troupe::io_failed&) {
        // refused before it had connected
    }
}

// Whether it is still served. A connection that was refused is an error or an end, and not a wait.
troupe::task<bool> is_answered(troupe::socket* server) {
    if (!*server) co_return false;
    try {
        co_await server->write("hello\n");
        std::string line;
        const bool more = co_await server->read_line(line);
        co_return more&& line == "hello";
    } catch (const troupe::io_failed&) {
        co_return false;
    }
}

troupe::task<int> answers(std::vector<troupe::socket>* all) {
    int count = 0;
    for (std::size_t i = 0; i < all->size(); ++i) {
        const bool heard = co_await is_answered(&(*all)[i]);
        if (heard) ++count;
    }
    co_return count;
}

troupe::task<> visit(std::string address, troupe::queue<int> there, troupe::event all_there,
                     troupe::queue<account> into) {
    std::vector<troupe::socket> mine(of_each);
    for (int from = 0; from < of_each; from += at_a_time) {
        co_await troupe::task_group::run([&](troupe::task_group& some) -> troupe::task<> {
            for (int i = from; i < std::min(of_each, from + at_a_time); ++i) {
                some.start(connect(&mine[static_cast<std::size_t>(i)], address));
            }
            co_return;
        });
    }
    co_await there.put(0);
    co_await all_there.wait();
    account seen;
    seen.answered = co_await answers(&mine);
    seen.answered_again = co_await answers(&mine);
    co_await into.put(seen);
}

troupe::task<int> program() {
    const troupe::queue<std::string> where;
    const troupe::queue<int> there;
    const troupe::queue<account> accounts;
    const troupe::event all_there;
    const troupe::shared_array<int> refused(1);
    const auto server = co_await troupe::spawn<&serve>(where, refused);
    const std::string address = (co_await where.get()).value();
    for (int i = 0; i < visitors; ++i) co_await troupe::spawn<&visit>(address, there, all_there, accounts);
    for (int i = 0; i < visitors; ++i) co_await there.get();
    all_there.set();
    account all;
    for (int i = 0; i < visitors; ++i) {
        const auto one = co_await accounts.get();
        all.answered += one->answered;
        all.answered_again += one->answered_again;
    }
    // The server may be about to count the last one that it has refused.
    while (server.alive() && refused[0] + all.answered < people) co_await troupe::sleep_for(1ms);

    verdict said;
    said.check("crowd: the server lives, and has used its descriptors",
               server.alive() && all.answered > 900 && all.answered < static_cast<int>(open_files));
    said.check("crowd: each of the others was refused with an error, one by one", refused[0] == people - all.answered);
    said.check("crowd: those that are served go on", all.answered_again == all.answered);
    std::printf("    %d answered, %d again, %d refused\n", all.answered, all.answered_again, refused[0]);
    server.terminate(10s);
    co_await server.join();
    co_return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    const rlimit few{open_files, open_files};
    setrlimit(RLIMIT_NOFILE, &few);
    return troupe::run<program>(argc, argv);
}
