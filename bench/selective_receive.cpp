// What does a selective receive cost behind 0, 1,000 and 64,000 messages that it passes over? And what does an arrival,
// while the receiver waits behind as many?
//
// What is passed over is sent before; the messages that are wanted are sent before as well, and received one by one, or
// they are sent one at a time, each when the last has been received: a round trip through the mailbox.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"

namespace {

constexpr const char* this_program = "selective_receive";
constexpr int row = 4000;  // wanted messages that are sent at one time

struct noise {
    std::int64_t number = 0;
};
struct wanted {
    std::int64_t number = 0;
};
// Receive `row` of them; the nanoseconds it took, or -1 where they were not in order.
struct timing {
    using reply = std::int64_t;
    std::int64_t first = 0;
};
// Receive the next, as soon as it comes.
struct one_more {
    using reply = bool;
    std::int64_t number = 0;
};

troupe::task<> receive(troupe::mailbox<noise, wanted, timing, one_more> inbox, bool in_rows) {
    if (in_rows) {
        while (auto asked = co_await inbox.receive<timing>()) {
            bool in_order = true;
            const std::int64_t begin = bench::now_ns();
            for (std::int64_t i = 0; i < row; ++i) {
                const auto one = co_await inbox.receive<wanted>();
                in_order = in_order && one && one->number == asked->first + i;
            }
            asked->reply(in_order ? bench::now_ns() - begin : -1);
        }
    } else {
        while (auto asked = co_await inbox.receive<one_more>()) asked->reply(true);
    }
}

std::string name_of(const char* what, int waiting) { return std::string(what) + " behind " + std::to_string(waiting); }

using receiver = troupe::actor<noise, wanted, timing, one_more>;

// Room comes back in the order of arrival, so a mailbox in which something stays takes so many messages and no more.
constexpr int most_acts = 50'000;

class clock {
public:
    explicit clock(double seconds) : until_(bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9)) {}
    bool goes_on() const { return bench::now_ns() < until_; }

private:
    std::int64_t until_;
};

troupe::task<receiver> behind(int waiting, bool in_rows) {
    const auto one = co_await troupe::spawn<receive>({.mailbox = std::size_t{64} << 20}, in_rows);
    for (std::int64_t i = 0; i < waiting; ++i) co_await one.send(noise{i});
    co_return one;
}

troupe::task<bool> received(int waiting, double seconds) {
    bench::samples all;
    std::size_t errors = 0;
    const clock time(seconds);
    do {
        const receiver one = co_await behind(waiting, true);
        for (std::int64_t first = 0; first < most_acts && (first == 0 || time.goes_on()); first += row) {
            for (std::int64_t i = 0; i < row; ++i) co_await one.send(wanted{first + i});
            const std::int64_t took = co_await one.ask(timing{first});
            took < 0 ? static_cast<void>(++errors) : all.add(std::max<std::int64_t>(took / row, 1));
        }
        one.kill();
        co_await one.join();
    } while (time.goes_on());
    co_return bench::print(bench::timed(this_program, name_of("receive", waiting), "ns", 1, all, errors));
}

troupe::task<bool> arrived(int waiting, double seconds) {
    bench::samples all;
    std::size_t errors = 0;
    const clock time(seconds);
    do {
        const receiver one = co_await behind(waiting, false);
        for (int acts = 0; acts < most_acts && (acts < 1000 || time.goes_on()); ++acts) {
            const std::int64_t begin = bench::now_ns();
            if (!co_await one.ask(one_more{acts})) ++errors;
            all.add(bench::now_ns() - begin);
        }
        one.kill();
        co_await one.join();
    } while (time.goes_on());
    co_return bench::print(bench::timed(this_program, name_of("ask", waiting), "us", 1000, all, errors));
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.3};
    const auto code = bench::listen("What does a selective receive cost behind messages that it passes over?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const int waiting : {0, 1000, 64000}) {
        right = co_await received(waiting, told.seconds) && right;
        right = co_await arrived(waiting, told.seconds) && right;
    }
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
