// Waiting for descriptors.
#include <troupe/error.hpp>
#include <troupe/readiness.hpp>
#include <troupe/sync_wait.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/owned_fd.hpp"
#include "catch.hpp"
#include "loop/event_loop.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::readable;
using troupe::sync_wait;
using troupe::task;
using troupe::with_timeout;
using troupe::writable;
using troupe::base::owned_fd;
using troupe::loop::event_loop;

struct fresh_loop {
    fresh_loop() { event_loop::close(); }
    ~fresh_loop() { event_loop::close(); }
};

owned_fd make_bell() { return owned_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

struct ends {
    owned_fd out, in;
};
ends make_pipe() {
    int both[2] = {-1, -1};
    REQUIRE(::pipe2(both, O_CLOEXEC) == 0);
    return {owned_fd(both[0]), owned_fd(both[1])};
}

void ring(int bell) {
    const std::uint64_t one = 1;
    static_cast<void>(::write(bell, &one, sizeof one));
}

bool take(int bell) {
    std::uint64_t rings = 0;
    return ::read(bell, &rings, sizeof rings) == sizeof rings;
}

task<> ring_later(int bell) {
    co_await troupe::sleep_for(2ms);
    ring(bell);
}

// Whether it does not end within a moment.
template <class Wait>
bool goes_on(Wait wait) {
    try {
        sync_wait(with_timeout(5ms, std::move(wait)));
    } catch (const troupe::timed_out&) {
        return true;
    }
    return false;
}

// Takes one ring, as soon as there is one that nobody else has taken.
task<> take_one(int bell) {
    do {
        co_await readable(bell);
    } while (!take(bell));
}

template <class Wait>
std::string refusal(Wait wait) {
    try {
        sync_wait(wait());
    } catch (const troupe::misuse& said) {
        return said.what();
    }
    return {};
}

}  // namespace

TEST_CASE("readable: it ends when the descriptor is readable, and takes nothing from it") {
    fresh_loop loop;
    const owned_fd bell = make_bell();
    sync_wait(troupe::when_all(readable(bell.get()), ring_later(bell.get())));
    REQUIRE(take(bell.get()));
    sync_wait(writable(bell.get()));
}

TEST_CASE("readable: it can be cancelled and begun again on the same descriptor") {
    fresh_loop loop;
    const owned_fd bell = make_bell();
    REQUIRE(goes_on(readable(bell.get())));
    REQUIRE(goes_on(readable(bell.get())));
    ring(bell.get());
    sync_wait(readable(bell.get()));
}

TEST_CASE("readable: it goes by the level, so what was not read ends the next wait at once") {
    fresh_loop loop;
    const owned_fd bell = make_bell();
    ring(bell.get());
    for (int i = 0; i < 3; ++i) sync_wait(readable(bell.get()));
    REQUIRE(take(bell.get()));
    REQUIRE(goes_on(readable(bell.get())));
}

TEST_CASE("readable: whoever has tried before does not look again, and misses nothing that has come since") {
    fresh_loop loop;
    using troupe::detail::descriptor_wait, troupe::detail::until;
    const owned_fd bell = make_bell();
    auto wait = [&bell] { return descriptor_wait(descriptor_wait::tried(), bell.get(), until::readable); };
    REQUIRE(goes_on(wait()));
    for (int i = 0; i < 3; ++i) {
        REQUIRE_FALSE(take(bell.get()));
        ring(bell.get());
        sync_wait(wait());
        REQUIRE(take(bell.get()));
    }
    REQUIRE(goes_on(wait()));
    sync_wait(troupe::when_all(wait(), ring_later(bell.get())));
}

TEST_CASE("readable: several coroutines wait for one descriptor, and each gets what the others left") {
    fresh_loop loop;
    const owned_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
    auto ring_thrice = [](int fd) -> task<> {
        for (int i = 0; i < 3; ++i) {
            co_await troupe::sleep_for(2ms);
            ring(fd);
        }
    };
    sync_wait(
        troupe::when_all(take_one(bell.get()), take_one(bell.get()), take_one(bell.get()), ring_thrice(bell.get())));
    REQUIRE_FALSE(take(bell.get()));
}

TEST_CASE("readable, writable: both can be waited for at one descriptor, and one leaves the other waiting") {
    fresh_loop loop;
    int both[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both) == 0);
    const owned_fd ours(both[0]), theirs(both[1]);
    std::array<char, 4096> bytes{};
    while (::write(ours.get(), bytes.data(), bytes.size()) > 0) {
    }
    std::string order;
    auto note = [](auto wait, std::string& into, char letter) -> task<> {
        co_await std::move(wait);
        into += letter;
    };
    auto drain_then_write = [](int fd, std::string& so_far) -> task<> {
        co_await troupe::sleep_for(2ms);
        std::array<char, 65536> some{};
        while (::read(fd, some.data(), some.size()) > 0) {
        }
        while (so_far.empty()) co_await troupe::yield();
        co_await troupe::sleep_for(2ms);  // what the entry was armed for comes, and nobody waits to write
        static_cast<void>(::write(fd, some.data(), 1));
    };
    sync_wait(troupe::when_all(note(readable(ours.get()), order, 'r'), note(writable(ours.get()), order, 'w'),
                               drain_then_write(theirs.get(), order)));
    REQUIRE(order == "wr");
}

TEST_CASE("readable: it is one of the waits of when_any") {
    fresh_loop loop;
    const owned_fd quiet = make_bell(), loud = make_bell();
    ring(loud.get());
    REQUIRE(sync_wait(troupe::when_any(readable(quiet.get()), readable(loud.get()))).index() == 1);
    REQUIRE(sync_wait(troupe::when_any(readable(quiet.get()), troupe::sleep_for(1ms))).index() == 1);
}

TEST_CASE("readable: a peer that has closed ends it") {
    fresh_loop loop;
    ends pipe = make_pipe();
    auto close_later = [](owned_fd& end) -> task<> {
        co_await troupe::sleep_for(2ms);
        end.reset();
    };
    sync_wait(troupe::when_all(readable(pipe.out.get()), close_later(pipe.in)));
    char nothing = 0;
    REQUIRE(::read(pipe.out.get(), &nothing, 1) == 0);
}

TEST_CASE("writable: it waits while a pipe is full, and ends when nobody is left who reads") {
    fresh_loop loop;
    ends pipe = make_pipe();
    REQUIRE(::fcntl(pipe.in.get(), F_SETFL, O_NONBLOCK) == 0);
    std::array<char, 4096> bytes{};
    while (::write(pipe.in.get(), bytes.data(), bytes.size()) > 0) {
    }
    REQUIRE(goes_on(writable(pipe.in.get())));
    pipe.out.reset();
    sync_wait(writable(pipe.in.get()));
}

TEST_CASE("readable: the flags of the descriptor stay as they are") {
    fresh_loop loop;
    const ends pipe = make_pipe();
    const int before = ::fcntl(pipe.out.get(), F_GETFL);
    REQUIRE(goes_on(readable(pipe.out.get())));
    REQUIRE(::fcntl(pipe.out.get(), F_GETFL) == before);
    REQUIRE((before & O_NONBLOCK) == 0);
}

TEST_CASE("readable, writable: a plain file and a directory are always ready") {
    fresh_loop loop;
    for (const char* path : {"/proc/self/exe", "/"}) {
        const owned_fd file(::open(path, O_RDONLY | O_CLOEXEC));
        REQUIRE(file);
        sync_wait(readable(file.get()));
        sync_wait(writable(file.get()));
        using troupe::detail::descriptor_wait, troupe::detail::until;
        sync_wait(descriptor_wait(descriptor_wait::tried(), file.get(), until::readable));
    }
}

TEST_CASE("readable: an epoll set of a library's is a descriptor like any other") {
    fresh_loop loop;
    const owned_fd set(::epoll_create1(EPOLL_CLOEXEC)), bell = make_bell();
    epoll_event watched{};
    watched.events = EPOLLIN;
    REQUIRE(::epoll_ctl(set.get(), EPOLL_CTL_ADD, bell.get(), &watched) == 0);
    sync_wait(troupe::when_all(readable(set.get()), ring_later(bell.get())));
    REQUIRE(take(bell.get()));
}

TEST_CASE("readable: a number that another descriptor has got since is that one's") {
    fresh_loop loop;
    owned_fd first = make_bell();
    const owned_fd copy(::dup(first.get()));
    REQUIRE(goes_on(readable(first.get())));  // what it was armed for comes still, by way of the copy
    const int number = first.get();
    first.reset();
    const owned_fd second = make_bell();
    REQUIRE(second.get() == number);
    auto ring_the_first = [](int before, int after) -> task<> {
        ring(before);
        co_await troupe::sleep_for(5ms);
        ring(after);
    };
    sync_wait(troupe::when_all(readable(second.get()), ring_the_first(copy.get(), second.get())));
    REQUIRE(take(second.get()));
}

TEST_CASE("readable: of a descriptor that is closed meanwhile nothing is heard, and the deadline still ends the wait") {
    fresh_loop loop;
    owned_fd bell = make_bell();
    auto close_soon = [](owned_fd& one) -> task<> {
        one.reset();
        co_return;
    };
    REQUIRE_THROWS_AS(sync_wait(troupe::when_all(with_timeout(5ms, readable(bell.get())), close_soon(bell))),
                      troupe::timed_out);
}

TEST_CASE("readable: hundreds of descriptors are waited for at once") {
    fresh_loop loop;
    constexpr std::size_t many = 400;
    std::vector<owned_fd> bells;
    std::vector<task<>> waits;
    for (std::size_t i = 0; i < many; ++i) {
        bells.push_back(make_bell());
        REQUIRE(bells.back());
        waits.push_back(take_one(bells.back().get()));
    }
    auto ring_all = [](const std::vector<owned_fd>& all) -> task<> {
        co_await troupe::sleep_for(2ms);
        for (const owned_fd& one : all) ring(one.get());
    };
    sync_wait(troupe::when_all(troupe::when_all(std::move(waits)), ring_all(bells)));
    for (const owned_fd& one : bells) REQUIRE_FALSE(take(one.get()));
}

TEST_CASE("readable: a loop does not wait for itself") {
    fresh_loop loop;
    const owned_fd set(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event watched{};
    watched.events = EPOLLIN;
    const int own = ::uv_backend_fd(event_loop::current().uv());
    REQUIRE(::epoll_ctl(set.get(), EPOLL_CTL_ADD, own, &watched) == 0);
    for (const int fd : {own, set.get()}) {
        CHECK_THAT(refusal([fd] { return readable(fd); }), checks::contains("would wait for itself"));
    }
    sync_wait(troupe::sleep_for(1ms));
}

TEST_CASE("readable: a descriptor that is none is refused in a sentence") {
    fresh_loop loop;
    static constexpr int closed = 250;
    REQUIRE(::fcntl(closed, F_GETFD) == -1);
    CHECK_THAT(refusal([] { return readable(-1); }), checks::contains("descriptor -1 cannot be waited for"));
    CHECK_THAT(refusal([] { return writable(-7); }), checks::contains("descriptor -7"));
    CHECK_THAT(refusal([] { return readable(closed); }), checks::contains("is not open"));
    CHECK_THAT(refusal([] { return writable(closed); }), checks::contains("is not open"));
}
