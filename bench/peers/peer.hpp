// How a peer is measured: every one does the same work, between processes made by fork.
//
// A system is a type with the name of its program, its settings, and two kinds of links: `duplex`, and `one_way`, to
// one receiver from one sender or several; a system that needs another for several has `many_to_one`. A link is made
// before the processes part; each makes its end of it after that (a library may have threads, which no fork copies). An
// end has send(bytes, write), where write(void*) fills the message in its place, and receive(read), where read(const
// void*, bytes) reads it in its place.
//
// A message is written and read as bench::flat and bench::parcel are, and stands in memory that the peer chose.
#pragma once

#include <malloc.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "../command_line.hpp"
#include "../figure.hpp"
#include "../floor_process.hpp"
#include "../floor_ring.hpp"
#include "../message.hpp"
#include "../placement.hpp"
#include "../rally.hpp"
#include "../reception.hpp"
#include "../tally.hpp"

namespace bench::peers {

inline constexpr std::uint64_t the_end = ~std::uint64_t{0};  // as the number of a message: nothing follows
inline constexpr std::size_t many_senders = 4;
inline constexpr std::size_t small = 64, large = std::size_t{64} << 10, larger = std::size_t{1} << 20;

// What a message held.
struct sight {
    std::uint64_t n = the_end;
    bool good = false;

    std::uint64_t number() const noexcept { return n; }
    bool whole() const noexcept { return good; }
};

// All words of a small message, and one of each cache line of a large one.
template <std::size_t Bytes>
inline constexpr std::size_t step = Bytes > small ? 8 : 1;

template <std::size_t Bytes, class Sender>
void send(Sender& to, std::uint64_t n) {
    to.send(Bytes, [n](void* at) {
        for (std::size_t i = 0; i < Bytes / 8; i += step<Bytes>) {
            const std::uint64_t word = n + i;
            std::memcpy(static_cast<std::byte*>(at) + 8 * i, &word, sizeof word);
        }
    });
}

template <std::size_t Bytes, class Receiver>
sight receive(Receiver& from) {
    sight seen;
    from.receive([&seen](const void* at, std::size_t bytes) {
        if (bytes != Bytes) return;
        std::memcpy(&seen.n, at, sizeof seen.n);
        std::uint64_t wrong = 0;
        for (std::size_t i = 0; i < Bytes / 8; i += step<Bytes>) {
            std::uint64_t word = 0;
            std::memcpy(&word, static_cast<const std::byte*>(at) + 8 * i, sizeof word);
            wrong |= word ^ (seen.n + i);
        }
        seen.good = wrong == 0;
    });
    return seen;
}

// Round trips: one side plays, the other answers each number with the next.
template <class End>
void answer(End& end) {
    for (sight one = receive<small>(end); one.n != the_end; one = receive<small>(end))
        send<small>(end, one.n + (one.good ? 1 : 0));
}

template <class End>
figure play(End& end, const char* program, placement where, double seconds) {
    rally rally(seconds);
    while (rally.goes_on()) {
        send<small>(end, rally.number());
        const sight back = receive<small>(end);
        rally.returned(back.n == rally.number() + 1 && back.good);
    }
    send<small>(end, the_end);
    return rally.result(program, std::string("round trip 64 B, ") + text(where));
}

// One way: gives how many were sent, and what was read.
template <std::size_t Bytes, class Sender>
std::uint64_t send_all(Sender& to, double seconds) {
    constexpr std::uint64_t sent_a_clock_reading = Bytes > small ? 1 : 64;
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < sent_a_clock_reading; ++i) send<Bytes>(to, number++);
    } while (now_ns() < end);
    send<Bytes>(to, the_end);
    return number;
}

template <std::size_t Bytes, class Receiver>
reading read_all(Receiver& from) {
    reception seen;
    for (sight one = receive<Bytes>(from); one.n != the_end; one = receive<Bytes>(from)) seen.take(one);
    return seen.ended();
}

template <std::size_t Bytes>
figure one_way_figure(const char* program, const reading& seen, std::uint64_t sent) {
    const double rate = seen.per_second();
    return {.program = program,
            .name = Bytes == small   ? "one way 64 B"
                    : Bytes == large ? "one way 64 KiB"
                                     : "one way 1 MiB",
            .unit = Bytes == small ? "M/s" : "GB/s",
            .value = Bytes == small ? rate / 1e6 : rate * static_cast<double>(Bytes) / 1e9,
            .count = seen.count,
            .errors = seen.errors_of(sent)};
}

// Several senders: a message has its sender's number in front.
struct numbered {
    std::uint64_t sender;
    flat<small - 8> rest;
};

template <class Sender>
void send_numbered(Sender& to, std::uint64_t mine, double seconds) {
    numbered one{mine, {}};
    const auto send_one = [&] { to.send(small, [&one](void* at) { std::memcpy(at, &one, sizeof one); }); };
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    std::uint64_t number = 0;
    do {
        for (int i = 0; i < 64; ++i) {
            one.rest.write(number++);
            send_one();
        }
    } while (now_ns() < end);
    one.sender = mine + many_senders;  // the end of this sender: how many it sent
    one.rest.write(number);
    send_one();
}

template <class Receiver>
figure read_numbered(Receiver& from, const char* program) {
    std::array<tally, many_senders> seen;
    std::uint64_t errors = 0, count = 0, sum_of_squares = 0;
    std::int64_t start = 0;
    for (std::size_t left = many_senders; left > 0;) {
        numbered one{};
        from.receive([&one](const void* at, std::size_t bytes) {
            if (bytes == sizeof one) std::memcpy(&one, at, sizeof one);
        });
        if (start == 0) start = now_ns();
        tally& of = seen[one.sender % many_senders];
        if (one.sender < many_senders) {
            of.take(one.rest.number(), one.rest.whole());
        } else {
            errors += of.errors() + (one.rest.number() - of.count());
            count += of.count();
            sum_of_squares += of.count() * of.count();
            --left;
        }
    }
    const auto n = static_cast<double>(count);
    return {.program = program,
            .name = "4 senders 64 B",
            .unit = "M/s",
            .value = n * 1e3 / static_cast<double>(now_ns() - start),
            .jain = n * n / (static_cast<double>(many_senders) * static_cast<double>(sum_of_squares)),
            .count = count,
            .errors = errors};
}

// Processes wait at it, blocking, until it was opened for each of them.
class gate {
public:
    gate() : event_(static_cast<int>(checked(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE), "eventfd"))) {}
    ~gate() { close(event_); }
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;

    void open(std::size_t times = 1) const { checked(eventfd_write(event_, times), "eventfd_write"); }
    void wait(std::size_t times = 1) const {
        eventfd_t one = 0;
        for (; times > 0; --times) checked(eventfd_read(event_, &one), "eventfd_read");
    }

private:
    int event_;
};

// A side that is a child: it ends as programs do, so that a library may tidy up behind itself.
template <class Work>
void be_child(const Work& work) noexcept {
    work();
    std::exit(0);
}

// A receiver is made before its senders, and no sender ends before all was read: a library may let go at its end what
// it has still to send.
template <class System>
bool round_trip(placement where, double seconds) {
    typename System::duplex link;
    const gate made, joined;
    std::optional<side_process> other;
    other.emplace([&] {
        be_child([&] {
            const placed here(where, placed::side::second);
            made.wait();
            auto end = link.second();
            joined.open();
            answer(end);
        });
    });
    const placed here(where, placed::side::first);
    auto end = link.first();
    made.open();
    joined.wait();
    const figure result = play(end, System::program, where, seconds);
    other.reset();
    return print(result);
}

template <class System, std::size_t Bytes>
bool one_way(placement where, double seconds) {
    typename System::one_way link(Bytes);
    const shared<reading> seen;
    const gate made;
    std::optional<side_process> other;
    other.emplace([&] {
        be_child([&] {
            const placed here(where, placed::side::second);
            auto end = link.receiver();
            made.open();
            *seen = read_all<Bytes>(end);
        });
    });
    const placed here(where, placed::side::first);
    made.wait();
    auto end = link.sender();
    const std::uint64_t sent = send_all<Bytes>(end, seconds);
    other.reset();
    return print(one_way_figure<Bytes>(System::program, *seen, sent));
}

template <class System>
auto link_of_several() {
    if constexpr (requires { typename System::many_to_one; }) {
        return typename System::many_to_one();
    } else {
        return typename System::one_way(small);
    }
}

template <class System>
bool several_senders(double seconds) {
    auto link = link_of_several<System>();
    const gate made, joined, all_joined, read;
    std::vector<std::unique_ptr<side_process>> crew;
    for (std::uint64_t mine = 0; mine < many_senders; ++mine) {
        crew.push_back(std::make_unique<side_process>([&, mine] {
            be_child([&] {
                made.wait();
                auto end = link.sender();
                joined.open();
                all_joined.wait();
                send_numbered(end, mine, seconds);
                read.wait();
            });
        }));
    }
    auto end = link.receiver();
    made.open(many_senders);
    joined.wait(many_senders);
    all_joined.open(many_senders);
    const figure result = read_numbered(end, System::program);
    read.open(many_senders);
    crew.clear();
    return print(result);
}

// Says which settings the figures of a program were made with.
inline void print_settings(const char* program, const char* settings) {
    std::cout << nlohmann::ordered_json{{"program", program}, {"settings", settings}}.dump() << '\n' << std::flush;
}

// Each measurement has processes of its own: a library that was used cannot be forked.
template <class Measure>
bool in_new_processes(const Measure& measured) {
    constexpr unsigned watchdog_seconds = 30;  // a side that died would leave the other waiting
    const auto child = static_cast<pid_t>(checked(fork(), "fork"));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(watchdog_seconds);
        bool right = false;
        try {
            right = measured();
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s\n", e.what());
        }
        std::exit(right ? 0 : 1);
    }
    int status = 0;
    checked(waitpid(child, &status, 0), "waitpid");
    if (WIFSIGNALED(status)) std::fprintf(stderr, "a measurement was ended by signal %d\n", WTERMSIG(status));
    return status == 0;
}

template <class System>
bool measure(const wishes& told) {
    print_settings(System::program, System::settings);
    bool right = true;
    const auto also = [&right](const auto& measured) { right = in_new_processes(measured) && right; };
    for (const placement where : placements)
        if (possible(where)) also([&] { return round_trip<System>(where, told.seconds); });
    const placement where = told.free || !possible(placement::apart) ? placement::free : placement::apart;
    also([&] { return one_way<System, small>(where, told.seconds); });
    if constexpr (System::takes_large) {
        also([&] { return one_way<System, large>(where, told.seconds); });
        also([&] { return one_way<System, larger>(where, told.seconds); });
    }
    also([&] { return several_senders<System>(told.seconds); });
    return right;
}

// Freed memory is kept, and not given back: a library that allocates each large message would else wait for new pages
// each time.
inline void keep_memory() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 16 << 20);
}

// What the main function of a peer does.
template <class... Systems>
int run(const char* question, int argc, char** argv) {
    wishes told;
    if (const auto code = listen(question, {argv + 1, argv + argc}, told)) return *code;
    keep_memory();
    try {
        return (static_cast<int>(measure<Systems>(told)) & ...) != 0 ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
}

}  // namespace bench::peers
