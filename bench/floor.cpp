// What does this machine allow at best: a round trip between two processes that spin, and between two that sleep, also
// after both have idled; a stream through a bare ring, from one sender and from several; a copy; starting a process,
// and learning of its end?
//
// Everything here is written by hand and does nothing else. The other figures are ratios to these, of the same run.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "floor_process.hpp"
#include "floor_ring.hpp"
#include "message.hpp"
#include "placement.hpp"
#include "rally.hpp"
#include "tally.hpp"

namespace {

using bench::checked;
using bench::placed;
using bench::placement;
using bench::shared;
using flat64 = bench::flat<64>;

constexpr const char* this_program = "floor";
constexpr std::uint64_t the_end = ~std::uint64_t{0};  // as the number of a message: nothing follows
constexpr unsigned watchdog_seconds = 120;

flat64 message_of(std::uint64_t number) {
    flat64 message;
    message.write(number);
    return message;
}

bool spinning_round_trip(placement where, double seconds) {
    using ring = bench::spsc_ring<flat64, 64, 1>;
    shared<ring> there, back;
    bench::rally rally(seconds);
    {
        const bench::side_process peer([&] {
            const placed here(where, placed::side::second);
            for (flat64 one = there->receive(); one.number() != the_end; one = there->receive())
                back->send(message_of(one.number() + (one.whole() ? 1 : 0)));
        });
        const placed here(where, placed::side::first);
        rally.faces(peer.pid());
        while (rally.goes_on()) {
            there->send(message_of(rally.number()));
            const flat64 one = back->receive();
            rally.returned(one.number() == rally.number() + 1 && one.whole());
        }
        there->send(message_of(the_end));
    }
    return bench::print(rally.result(this_program, "spinning round trip", cpus_of(where)));
}

// A word in shared memory, and a bell for whoever sleeps until it changes.
class bell {
public:
    bell()
        : rings_(static_cast<int>(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"))),
          events_(static_cast<int>(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"))) {
        epoll_event wanted{EPOLLIN, {}};
        checked(epoll_ctl(events_, EPOLL_CTL_ADD, rings_, &wanted), "epoll_ctl");
    }
    ~bell() {
        close(events_);
        close(rings_);
    }
    bell(const bell&) = delete;
    bell& operator=(const bell&) = delete;

    void ring() const { checked(eventfd_write(rings_, 1), "eventfd_write"); }
    void wait() const {
        epoll_event event{};
        checked(epoll_wait(events_, &event, 1, -1), "epoll_wait");
        eventfd_t count = 0;
        checked(eventfd_read(rings_, &count), "eventfd_read");
    }

private:
    int rings_, events_;
};

// Two rings and two bells between two processes that sleep until they are rung.
class sleepers {
public:
    void answer() const {
        for (;;) {
            going_.wait();
            const flat64 one = there_->receive();
            if (one.number() == the_end) return;
            back_->send(message_of(one.number() + (one.whole() ? 1 : 0)));
            coming_.ring();
        }
    }
    bool round_trip(std::uint64_t number) const {
        there_->send(message_of(number));
        going_.ring();
        coming_.wait();
        const flat64 one = back_->receive();
        return one.number() == number + 1 && one.whole();
    }
    void end() const {
        there_->send(message_of(the_end));
        going_.ring();
    }

private:
    using ring = bench::spsc_ring<flat64, 64, 1>;
    shared<ring> there_, back_;
    bell going_, coming_;
};

// `idle`: both sleep for so long before each round trip.
bool blocking_round_trip(placement where, std::chrono::milliseconds idle, double seconds) {
    const sleepers both;
    bench::rally rally(seconds);
    {
        const bench::side_process peer([&] {
            const placed here(where, placed::side::second);
            both.answer();
        });
        const placed here(where, placed::side::first);
        rally.faces(peer.pid());
        while (rally.goes_on()) {
            if (idle.count() > 0) {
                std::this_thread::sleep_for(idle);
                rally.serves();
            }
            rally.returned(both.round_trip(rally.number()));
        }
        both.end();
    }
    const std::string when =
        idle.count() > 0 ? " after " + std::to_string(idle.count()) + " ms idle" : std::string(", ") + text(where);
    return bench::print(rally.result(this_program, "blocking round trip" + when, cpus_of(where)));
}

bool idle_round_trips(double seconds) {
    constexpr int least_round_trips = 10;
    bool right = true;
    for (const int milliseconds : {1, 100}) {
        const double long_enough = std::max(seconds, least_round_trips * milliseconds / 1e3);
        right = blocking_round_trip(placement::apart, std::chrono::milliseconds(milliseconds), long_enough) && right;
    }
    return right;
}

std::int64_t after(double seconds) { return bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9); }

// Many such pairs at once, left to the scheduler.
bool blocking_pairs(std::size_t pairs, double seconds) {
    struct score {
        std::atomic<std::uint64_t> round_trips{0}, wrong{0};
    };
    shared<score> all;
    std::vector<std::unique_ptr<sleepers>> tables;
    tables.reserve(pairs);
    for (std::size_t i = 0; i < pairs; ++i) tables.push_back(std::make_unique<sleepers>());
    const std::int64_t end = after(seconds);
    {
        std::vector<std::unique_ptr<bench::side_process>> crew;
        crew.reserve(2 * pairs);
        for (const auto& table : tables) {
            crew.push_back(std::make_unique<bench::side_process>([&] { table->answer(); }));
            crew.push_back(std::make_unique<bench::side_process>([&] {
                std::uint64_t number = 0, wrong = 0;
                for (; bench::now_ns() < end; ++number)
                    if (!table->round_trip(number)) ++wrong;
                table->end();
                // relaxed: read once this process has been waited for
                all->round_trips.fetch_add(number, std::memory_order_relaxed);
                // relaxed: see above
                all->wrong.fetch_add(wrong, std::memory_order_relaxed);
            }));
        }
    }
    const std::uint64_t count = all->round_trips.load(std::memory_order_relaxed);  // relaxed: the writers have ended
    return bench::print({.program = this_program,
                         .name = std::to_string(pairs) + " blocking pairs",
                         .unit = "k/s",
                         .value = static_cast<double>(count) / seconds / 1e3,
                         .count = count,
                         .errors = all->wrong.load(std::memory_order_relaxed)});  // relaxed: see above
}

bool stream(double seconds) {
    constexpr std::size_t batch = 16;
    shared<bench::spsc_ring<flat64, 4096, batch>> ring;
    bench::tally seen;
    std::uint64_t sent = 0;
    std::int64_t start = 0, stop = 0;
    {
        const bench::side_process sender([&] {
            const placed here(placement::apart, placed::side::second);
            const std::int64_t end = after(seconds);
            std::uint64_t number = 0;
            do {
                for (std::size_t i = 0; i < 4 * batch; ++i) ring->send(message_of(number++));
            } while (bench::now_ns() < end);
            ring->send(message_of(the_end));
            ring->send(message_of(number));
            ring->publish();
        });
        const placed here(placement::apart, placed::side::first);
        for (flat64 one = ring->receive(); one.number() != the_end; one = ring->receive()) {
            if (seen.count() == 0) start = bench::now_ns();
            seen.take(one.number(), one.whole());
        }
        stop = bench::now_ns();
        sent = ring->receive().number();
    }
    return bench::print({.program = this_program,
                         .name = "stream 64 B",
                         .unit = "M/s",
                         .value = static_cast<double>(seen.count()) * 1e3 / static_cast<double>(stop - start),
                         .count = seen.count(),
                         .errors = seen.errors() + (sent - seen.count())});
}

// A message with its sender's number in front; 64 B with it.
struct numbered {
    std::uint64_t sender;
    bench::flat<56> rest;
};

bool fan_in(std::size_t senders, double seconds) {
    shared<bench::tail_swap_ring<numbered, 4096>> ring;
    shared<std::atomic<int>> ready;
    std::vector<bench::tally> seen(senders);
    std::uint64_t errors = 0, count = 0;
    std::int64_t start = 0, stop = 0;
    {
        std::vector<std::unique_ptr<bench::side_process>> crew;
        crew.reserve(senders);
        for (std::uint64_t mine = 0; mine < senders; ++mine) {
            crew.push_back(std::make_unique<bench::side_process>([&] {
                // relaxed: nothing is published by it; they only start together
                ready->fetch_add(1, std::memory_order_relaxed);
                // relaxed: see above
                while (ready->load(std::memory_order_relaxed) < static_cast<int>(senders)) sched_yield();
                const std::int64_t end = after(seconds);
                numbered one{mine, {}};
                std::uint64_t number = 0;
                do {
                    for (int i = 0; i < 64; ++i) {
                        one.rest.write(number++);
                        ring->send(one);
                    }
                } while (bench::now_ns() < end);
                one.sender = mine + senders;  // the end of this sender: how many it sent
                one.rest.write(number);
                ring->send(one);
            }));
        }
        for (std::size_t left = senders; left > 0;) {
            const numbered one = ring->receive();
            if (start == 0) start = bench::now_ns();
            bench::tally& of = seen[one.sender % senders];
            if (one.sender < senders) {
                of.take(one.rest.number(), one.rest.whole());
            } else {
                errors += of.errors() + (one.rest.number() - of.count());
                count += of.count();
                --left;
            }
        }
        stop = bench::now_ns();
    }
    return bench::print({.program = this_program,
                         .name = std::to_string(senders) + " senders",
                         .unit = "M/s",
                         .value = static_cast<double>(count) * 1e3 / static_cast<double>(stop - start),
                         .count = count,
                         .errors = errors});
}

// From a buffer to another, both touched before.
bool copy(const char* size, std::size_t bytes, double seconds) {
    constexpr std::size_t bytes_a_clock_reading = std::size_t{1} << 20;
    bench::parcel from = bench::parcel::make(bytes), to = bench::parcel::make(bytes);
    from.write(0);
    to.write(1);
    const std::size_t copies_a_clock_reading = std::max<std::size_t>(1, bytes_a_clock_reading / bytes);
    std::size_t count = 0, errors = 0;
    const std::int64_t start = bench::now_ns(), end = after(seconds);
    do {
        for (std::size_t i = 0; i < copies_a_clock_reading; ++i) {
            from.words.front() = from.words.back() = ++count;
            std::memcpy(to.words.data(), from.words.data(), bytes);
            if (to.words.front() != count || to.words.back() != count) ++errors;
        }
    } while (bench::now_ns() < end);
    const std::int64_t stop = bench::now_ns();
    if (to.words != from.words) ++errors;
    return bench::print(
        {.program = this_program,
         .name = std::string("memcpy ") + size,
         .unit = "GB/s",
         .value = static_cast<double>(count) * static_cast<double>(bytes) / static_cast<double>(stop - start),
         .count = count,
         .errors = errors});
}

bool copies(double seconds) {
    constexpr std::size_t kib = 1024, mib = kib * kib;
    bool right = copy("64 KiB", 64 * kib, seconds);
    right = copy("1 MiB", mib, seconds) && right;
    right = copy("16 MiB", 16 * mib, seconds) && right;
    return copy("64 MiB", 64 * mib, seconds) && right;
}

template <class Start>
bool start_and_join(const char* name, double seconds, const Start& start) {
    bench::samples all;
    std::size_t errors = 0;
    for (const std::int64_t end = after(seconds); bench::now_ns() < end;) {
        const std::int64_t began = bench::now_ns();
        if (!bench::joined(start())) ++errors;
        all.add(bench::now_ns() - began);
    }
    return bench::print(timed(this_program, name, "ms", 1e6, all, errors));
}

int fork_one() {
    int pidfd = -1;
    if (checked(bench::clone_with_pidfd(pidfd, 0), "clone3") == 0) _exit(0);
    return pidfd;
}

// From SIGKILL to the event of the pidfd. The child sleeps when it is killed.
bool death_seen(double seconds) {
    constexpr std::chrono::milliseconds until_asleep{1};
    const int events = static_cast<int>(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    bench::samples all;
    std::size_t errors = 0;
    for (const std::int64_t end = after(seconds); bench::now_ns() < end;) {
        int pidfd = -1;
        const long child = checked(bench::clone_with_pidfd(pidfd, 0), "clone3");
        if (child == 0)
            for (;;) pause();
        epoll_event event{EPOLLIN, {}};
        checked(epoll_ctl(events, EPOLL_CTL_ADD, pidfd, &event), "epoll_ctl");
        std::this_thread::sleep_for(until_asleep);
        const std::int64_t start = bench::now_ns();
        kill(static_cast<pid_t>(child), SIGKILL);
        checked(epoll_wait(events, &event, 1, -1), "epoll_wait");
        all.add(bench::now_ns() - start);
        checked(epoll_ctl(events, EPOLL_CTL_DEL, pidfd, nullptr), "epoll_ctl");
        siginfo_t how{};
        checked(waitid(P_PIDFD, static_cast<id_t>(pidfd), &how, WEXITED), "waitid");
        close(pidfd);
        if (how.si_code != CLD_KILLED || how.si_status != SIGKILL) ++errors;
    }
    close(events);
    return bench::print(timed(this_program, "death seen through pidfd", "us", 1e3, all, errors));
}

bool measure(double seconds) {
    const bench::clone_server server;  // first: while this process is small
    bool right = start_and_join("clone from a small server", seconds, [&] { return server.start(); });
    right = start_and_join("fork", seconds, fork_one) && right;
    right = death_seen(seconds) && right;
    // Two that spin on one CPU wait for the scheduler at each step.
    if (possible(placement::apart)) {
        right = spinning_round_trip(placement::apart, seconds) && right;
        right = stream(seconds) && right;
    }
    for (const placement where : bench::placements)
        if (possible(where)) right = blocking_round_trip(where, std::chrono::milliseconds(0), seconds) && right;
    right = idle_round_trips(seconds) && right;
    for (const std::size_t pairs : {2, 4, 8, 16}) right = blocking_pairs(pairs, seconds) && right;
    for (const std::size_t senders : {4, 8, 16}) right = fan_in(senders, seconds) && right;
    return copies(seconds) && right;  // last: it makes this process large
}

}  // namespace

int main(int argc, char** argv) {
    bench::wishes told;
    if (const auto code = bench::listen("What does this machine allow at best?", {argv + 1, argv + argc}, told)) {
        return *code;
    }
    alarm(watchdog_seconds);  // a side that dies would leave the other spinning
    try {
        return measure(told.seconds) ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "floor: %s\n", e.what());
        return 1;
    }
}
