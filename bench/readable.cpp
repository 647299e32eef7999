// How long does a small message take through two pipes of the system's and back, between two processes on one CPU: by
// actors that wait for it with `readable`, and by the same processes with an epoll set of their own?

#include <troupe/troupe.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "floor_process.hpp"
#include "message.hpp"
#include "placement.hpp"
#include "rally.hpp"

namespace {

using bench::checked;
using bench::placed;
using bench::placement;
using flat64 = bench::flat<64>;

constexpr const char* this_program = "readable";
constexpr std::uint64_t the_end = ~std::uint64_t{0};  // as the number of a message: nothing follows

// What one process has of the two pipes. A message is shorter than PIPE_BUF, so it is written and read as a whole.
class line {
public:
    line(const troupe::descriptor& from, const troupe::descriptor& to) noexcept : from_(from.get()), to_(to.get()) {}

    int from() const noexcept { return from_; }
    flat64 read() const {
        flat64 message;
        message.write(the_end);
        checked(::read(from_, &message, sizeof message), "read");
        return message;
    }
    void write(std::uint64_t number) const {
        flat64 message;
        message.write(number);
        checked(::write(to_, &message, sizeof message), "write");
    }
    // False at the end.
    bool answer() const {
        const flat64 one = read();
        if (one.number() == the_end) return false;
        write(one.number() + (one.whole() ? 1 : 0));
        return true;
    }

private:
    int from_, to_;
};

// Waits for one descriptor as somebody does who has no library for it.
class epoll_set {
public:
    explicit epoll_set(int fd) : events_(static_cast<int>(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"))) {
        epoll_event wanted{EPOLLIN, {}};
        checked(epoll_ctl(events_, EPOLL_CTL_ADD, fd, &wanted), "epoll_ctl");
    }
    ~epoll_set() { close(events_); }
    epoll_set(const epoll_set&) = delete;
    epoll_set& operator=(const epoll_set&) = delete;

    void wait() const {
        epoll_event event{};
        checked(epoll_wait(events_, &event, 1, -1), "epoll_wait");
    }

private:
    int events_;
};

troupe::task<> answer_by_readable(troupe::descriptor from, troupe::descriptor to) {
    const placed here(placement::together, placed::side::second);
    const line other(from, to);
    for (bool more = true; more; more = other.answer()) co_await troupe::readable(other.from());
}

void answer_by_epoll(troupe::descriptor from, troupe::descriptor to) {
    const placed here(placement::together, placed::side::second);
    const line other(from, to);
    const epoll_set events(other.from());
    for (bool more = true; more; more = other.answer()) events.wait();
}

troupe::task<> play_by_readable(line other, bench::rally* rally) {
    while (rally->goes_on()) {
        other.write(rally->number());
        co_await troupe::readable(other.from());
        const flat64 back = other.read();
        rally->returned(back.number() == rally->number() + 1 && back.whole());
    }
}

troupe::task<> play_by_epoll(line other, bench::rally* rally) {
    const epoll_set events(other.from());
    while (rally->goes_on()) {
        other.write(rally->number());
        events.wait();
        const flat64 back = other.read();
        rally->returned(back.number() == rally->number() + 1 && back.whole());
    }
    co_return;
}

std::pair<troupe::descriptor, troupe::descriptor> make_pipe() {
    int ends[2];
    checked(pipe2(ends, O_CLOEXEC), "pipe2");
    return {troupe::descriptor(ends[0]), troupe::descriptor(ends[1])};
}

template <auto Answer, auto Play>
troupe::task<bool> measure(std::string by, double seconds) {
    auto [near, their_end] = make_pipe();
    auto [theirs, far] = make_pipe();
    const auto peer = co_await troupe::spawn<Answer>(std::move(theirs), std::move(their_end));
    const line other(near, far);
    bench::rally rally(seconds);
    {
        const placed here(placement::together, placed::side::first);
        rally.faces(peer.pid());
        co_await Play(other, &rally);
    }
    other.write(the_end);
    co_await peer.join();
    co_return bench::print(
        rally.result(this_program, "pipe 64 B by " + by + ", one CPU", cpus_of(placement::together)));
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("How long does a small message take through two pipes of the system's and back?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    bool right = co_await measure<&answer_by_epoll, &play_by_epoll>("epoll", told.seconds);
    right = co_await measure<&answer_by_readable, &play_by_readable>("readable", told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
