// The loop's turn: what is called in which order, when it sleeps and what wakes it.
#include <troupe/error.hpp>
#include <troupe/readiness.hpp>
#include <troupe/sync_wait.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/owned_fd.hpp"
#include "catch.hpp"
#include "coro/here.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"

namespace {

using namespace std::chrono_literals;
using here::box;
using troupe::sync_wait;
using troupe::task;
using troupe::loop::event_loop;
using troupe::loop::parking;

std::string calls;  // what the loop called, one letter each

// A source that answers as it is told, and fills a box when a poll is to find something.
class scripted final : public troupe::loop::source {
public:
    explicit scripted(box& into) : into_(into) { event_loop::current().enroll(*this); }
    ~scripted() { event_loop::current().dismiss(*this); }

    bool poll() override {
        calls += 'p';
        if (!filled) return false;
        filled = false;
        into_.put(1);
        return true;
    }
    bool glance() override {
        ++glances;
        if (fill_at_glance == glances) filled = true;
        return filled;
    }
    parking park() override {
        calls += 'P';
        if (answers.empty()) return parking::parked;
        const parking answer = answers.front();
        answers.erase(answers.begin());
        if (answer == parking::ready) filled = true;
        return answer;
    }
    void unpark() override { calls += 'U'; }

    std::vector<parking> answers;
    bool filled = false;
    int glances = 0;
    int fill_at_glance = -1;

private:
    box& into_;
};

// Whom the loop works for: it does as it is told.
struct scripted_host final : troupe::loop::host {
    int doorbell() const noexcept override { return bell; }
    void rung() noexcept override {
        if (when_rung) when_rung();
    }
    std::chrono::nanoseconds longest_spin() const noexcept override { return spin; }
    bool may_spin() noexcept override { return !spins || spins(); }
    bool in_no_hurry() noexcept override { return leisure && leisure(); }
    void turn_began(std::uint64_t ms) noexcept override { turns.push_back(ms); }
    void turn_ended() noexcept override {
        if (after_turn) after_turn();
    }
    void about_to_sleep() noexcept override {
        if (before_sleep) before_sleep();
    }
    void awake() noexcept override {
        if (after_sleep) after_sleep();
    }

    int bell = -1;
    std::chrono::nanoseconds spin = 0ns;
    std::vector<std::uint64_t> turns;
    std::function<void()> when_rung, after_turn, before_sleep, after_sleep;
    std::function<bool()> spins, leisure;
};

// A loop of its own for each test, which does not spin unless the test says so.
struct fresh_loop {
    fresh_loop() {
        calls.clear();
        event_loop::close();
        event_loop::work_for(&host);
    }
    ~fresh_loop() {
        event_loop::close();
        event_loop::work_for(nullptr);
    }
    event_loop& operator*() const { return event_loop::current(); }
    event_loop* operator->() const { return &event_loop::current(); }
    void hang_up(int bell, std::function<void()> when_rung) {
        host.bell = bell;
        host.when_rung = std::move(when_rung);
        event_loop::work_for(&host);
    }

    scripted_host host;
};

void write_one(int fd) {
    const std::uint64_t one = 1;
    REQUIRE(::write(fd, &one, sizeof one) == sizeof one);
}

std::size_t open_descriptors() {
    std::size_t n = 0;
    for (int fd = 0; fd < 256; ++fd) n += ::dup2(fd, fd) == fd ? 1 : 0;
    return n;
}

// More are wake-ups that nothing asked for: they would come again and again. An io_uring, which loops of libuv have
// from 1.45 on, takes some for itself when a descriptor is new to it.
constexpr long few_switches = 8;

long voluntary_switches() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return used.ru_nvcsw;
}

}  // namespace

TEST_CASE("loop: a source is polled, then parked, and unparked after the sleep") {
    fresh_loop loop;
    box b;
    scripted s(b);
    sync_wait(troupe::sleep_for(1ms));
    REQUIRE(calls.substr(0, 3) == "pPU");
}

TEST_CASE("loop: a source that is ready when it is asked to park keeps the loop awake") {
    fresh_loop loop;
    box b;
    scripted s(b);
    s.answers = {parking::ready};
    REQUIRE(sync_wait(b.take()) == 1);
    REQUIRE(calls == "pPp");  // not parked, so not unparked
}

TEST_CASE("loop: while a filler is in mid-copy the loop looks again by itself") {
    fresh_loop loop;
    box b;
    scripted s(b);
    s.answers = std::vector<parking>(20, parking::in_flight);
    s.answers.push_back(parking::ready);
    REQUIRE(sync_wait(b.take()) == 1);
    REQUIRE(s.answers.empty());
}

TEST_CASE("loop: it spins on glances alone, and what they see is polled without a sleep") {
    fresh_loop loop;
    loop.host.spin = 10s;
    box b;
    scripted s(b);
    s.fill_at_glance = 100;
    REQUIRE(sync_wait(b.take()) == 1);
    REQUIRE(s.glances == 100);
    REQUIRE(calls == "pp");
}

TEST_CASE("loop: the policy can forbid the spin, and end it") {
    static int asked = 0;
    fresh_loop loop;
    box b;
    scripted s(b);
    loop.host.spin = 10s;
    loop.host.spins = [] { return false; };
    sync_wait(troupe::sleep_for(1ms));
    REQUIRE(s.glances == 0);
    asked = 0;
    loop.host.spins = [] { return ++asked < 3; };
    sync_wait(troupe::sleep_for(50ms));
    REQUIRE(asked >= 3);
    REQUIRE(s.glances > 0);
}

TEST_CASE("loop: woken by a descriptor alone it sleeps again without a spin, which would be deaf to descriptors") {
    static int asked = 0, bell_fd = -1;
    fresh_loop loop;
    const troupe::base::owned_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    box b;
    scripted s(b);
    asked = 0;
    bell_fd = bell.get();
    loop.host.spin = 10s;
    loop.host.spins = [] {
        ++asked;
        return false;
    };
    loop.host.before_sleep = [] { write_one(bell_fd); };
    const auto hear = [](int times) -> task<> {
        for (; times > 0; --times) {
            std::uint64_t rings = 0;
            co_await troupe::readable(bell_fd);
            REQUIRE(::read(bell_fd, &rings, sizeof rings) == sizeof rings);
        }
    };
    sync_wait(hear(3));
    REQUIRE(asked == 1);  // before the first sleep

    s.filled = true;
    REQUIRE(sync_wait(b.take()) == 1);  // a source had something last
    sync_wait(hear(3));
    REQUIRE(asked == 2);
}

TEST_CASE("loop: a spin asks once whether there is a hurry, and glances in either case") {
    static bool at_leisure = false;
    static int asked = 0;
    const auto no_hurry = [] {
        ++asked;
        return at_leisure;
    };
    for (const bool leisure : {false, true}) {
        fresh_loop loop;
        box b;
        scripted s(b);
        at_leisure = leisure;
        asked = 0;
        loop.host.spin = 10s;
        loop.host.leisure = no_hurry;
        s.fill_at_glance = 3;
        REQUIRE(sync_wait(b.take()) == 1);
        REQUIRE(asked == 1);
        REQUIRE(s.glances == 3);
    }
}

TEST_CASE("loop: the doorbell's rings are taken, then answered, before anything is unparked or polled") {
    static int left_in_bell = -1;
    static int bell_fd = -1;
    fresh_loop loop;
    troupe::base::owned_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    bell_fd = bell.get();
    loop.hang_up(bell.get(), [] {
        std::uint64_t rings = 0;
        left_in_bell = static_cast<int>(::read(bell_fd, &rings, sizeof rings));
        calls += 'R';
    });
    loop.host.before_sleep = [] {
        calls += 'b';
        write_one(bell_fd);
    };
    loop.host.after_sleep = [] { calls += 'a'; };
    box b;
    scripted s(b);
    s.answers = {parking::parked, parking::ready};
    REQUIRE(sync_wait(b.take()) == 1);
    REQUIRE(left_in_bell == -1);
    REQUIRE(calls == "pPbRaUpPp");
}

TEST_CASE("loop: each ring of the doorbell ends a sleep once, the first and those behind it") {
    static int heard = 0, bell_fd = -1;
    static box* filled = nullptr;
    constexpr int rings = 5;
    fresh_loop loop;
    troupe::base::owned_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    box b;
    heard = 0;
    bell_fd = bell.get();
    filled = &b;
    loop.hang_up(bell.get(), [] {
        if (++heard == rings) filled->put(heard);
    });
    loop.host.before_sleep = [] {
        if (heard < rings) write_one(bell_fd);
    };
    REQUIRE(sync_wait(b.take()) == rings);

    const long before = voluntary_switches();
    sync_wait(troupe::sleep_for(50ms));
    CHECK(heard == rings);
    CHECK(voluntary_switches() - before <= few_switches);
}

TEST_CASE("loop: the host hears of a turn after what was ready ran, and before anything is polled") {
    fresh_loop loop;
    loop.host.after_turn = [] { calls += '1'; };
    box b;
    scripted s(b);
    s.answers = {parking::ready};
    REQUIRE(sync_wait(b.take()) == 1);
    REQUIRE(calls == "1pPp1");
}

TEST_CASE("loop: a turn has a time, no turn an earlier one than the one before, and the host hears when it changes") {
    fresh_loop loop;
    const std::uint64_t before = troupe::base::in_ms(troupe::base::coarse_now());
    for (int i = 0; i < 3; ++i) sync_wait(troupe::sleep_for(10ms));
    CHECK(troupe::detail::ready.turn() >= before + 30);
    REQUIRE(loop.host.turns.size() >= 3);
    CHECK(loop.host.turns.back() == troupe::detail::ready.turn());
    for (std::size_t i = 1; i < loop.host.turns.size(); ++i) CHECK(loop.host.turns[i] > loop.host.turns[i - 1]);
}

TEST_CASE("loop: a turn that a spin began has the time at which that found something") {
    fresh_loop loop;
    loop.host.spin = 10s;
    box b;
    scripted s(b);
    s.fill_at_glance = 100;
    const std::uint64_t before = troupe::base::in_ms(troupe::base::coarse_now());
    REQUIRE(sync_wait(b.take()) == 1);
    CHECK(troupe::detail::ready.turn() >= before);
}

TEST_CASE("loop: before a sleep it can say what is waited for: of several times the earliest, and who waits for it") {
    static std::vector<troupe::base::waited_for> told;
    static const troupe::detail::promise_base* first = nullptr;
    told.clear();
    fresh_loop loop;
    loop.host.before_sleep = [] {
        troupe::loop::wait_notes notes;
        event_loop::current().describe(notes);
        told.assign(notes.all().begin(), notes.all().end());
        first = notes.first_waiter();
    };
    const std::uint64_t before = troupe::base::in_ms(troupe::base::coarse_now());
    sync_wait(troupe::when_any(troupe::sleep_for(1h), troupe::sleep_for(5ms)));
    REQUIRE(told.size() == 1);
    CHECK(told[0].kind == troupe::base::waiting_kind::time);
    CHECK(told[0].of >= before + 5);
    CHECK(told[0].of < before + 3'600'000);
    CHECK(told[0].waiter == reinterpret_cast<std::uint64_t>(first));
    CHECK(first != nullptr);
}

TEST_CASE(
    "loop: of more waits than have room, those are told that say which coroutine waits, and that there are more") {
    troupe::loop::wait_notes notes;
    const troupe::base::waited_for what{.kind = troupe::base::waiting_kind::end};
    CHECK(notes.add(nullptr, 0, what));
    // NOLINTNEXTLINE(performance-no-int-to-ptr): nobody looks into it
    const auto* some = reinterpret_cast<const troupe::detail::promise_base*>(0x1000);
    for (std::size_t i = 1; i < notes.most; ++i) CHECK(notes.add(some + i, 0, what));
    CHECK_FALSE(notes.more());
    CHECK_FALSE(notes.add(some, 0, what));
    CHECK(notes.more());
    CHECK(notes.first_waiter() == some + 1);
    CHECK(notes.all().front().waiter == reinterpret_cast<std::uint64_t>(some + 1));
    CHECK(notes.all().back().waiter == 0);
}

TEST_CASE("loop: sources may come and go while they are polled") {
    struct leaving final : troupe::loop::source {
        bool poll() override {
            ++polls;
            auto& loop = event_loop::current();
            loop.dismiss(*this);
            if (neighbour != nullptr) loop.dismiss(*neighbour);
            return true;
        }
        bool glance() override { return false; }
        parking park() override { return parking::parked; }
        void unpark() override {}
        source* neighbour = nullptr;
        int polls = 0;
    };
    fresh_loop loop;
    leaving first, second, third;
    first.neighbour = &second;
    for (auto* one : {&first, &second, &third}) loop->enroll(*one);
    sync_wait(troupe::sleep_for(1ms));
    REQUIRE(first.polls == 1);
    REQUIRE(second.polls == 0);
    REQUIRE(third.polls == 1);
}

TEST_CASE("loop: a parked source that is dismissed is unparked") {
    fresh_loop loop;
    static troupe::loop::source* parked = nullptr;
    troupe::base::owned_fd bell(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    loop.hang_up(bell.get(), [] { event_loop::current().dismiss(*parked); });
    box b;
    scripted s(b);
    parked = &s;
    sync_wait(troupe::sleep_for(1ms));
    REQUIRE(calls == "pPU");
}

TEST_CASE("loop: timers and descriptors have their turn while coroutines are always ready") {
    fresh_loop loop;
    bool stop = false;
    auto busy = [](const bool& flag) -> task<long> {
        long turns = 0;
        while (!flag) {
            co_await troupe::yield();
            ++turns;
        }
        co_return turns;
    };
    troupe::base::owned_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    auto chain = [](int fd, bool& flag) -> task<> {
        co_await troupe::sleep_for(1ms);
        write_one(fd);
        co_await troupe::readable(fd);
        flag = true;
    };
    auto ring_later = [&] { return troupe::when_all(busy(stop), chain(bell.get(), stop)); };
    REQUIRE(std::get<0>(sync_wait(ring_later())) > 0);
}

TEST_CASE("loop: an idle process is woken zero times a second") {
    fresh_loop loop;
    troupe::base::owned_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    loop.hang_up(bell.get(), [] {});
    box b;
    scripted s(b);
    sync_wait(troupe::sleep_for(1ms));
    calls.clear();

    // What ends the idle time is a descriptor, so that the loop has no reason of its own to wake.
    troupe::base::owned_fd clock(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec once{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 300'000'000}};
    REQUIRE(::timerfd_settime(clock.get(), 0, &once, nullptr) == 0);
    const long before = voluntary_switches();
    sync_wait(troupe::readable(clock.get()));
    REQUIRE(voluntary_switches() - before <= few_switches);
    REQUIRE(calls == "pPU");
}

TEST_CASE("sync_wait: inside a coroutine it is misuse, and the loop goes on") {
    fresh_loop loop;
    auto plain = [] { return sync_wait([]() -> task<int> { co_return 1; }()); };
    auto outer = [&]() -> task<bool> {
        try {
            plain();
        } catch (const troupe::misuse&) {
            co_return true;
        }
        co_return false;
    };
    REQUIRE(sync_wait(outer()));
    REQUIRE(plain() == 1);
}

TEST_CASE("loop: it does not run inside itself") {
    fresh_loop loop;
    auto nested = []() -> task<> {
        event_loop::current().run_until([] { return true; });
        co_return;
    };
    REQUIRE_THROWS_AS(sync_wait(nested()), troupe::misuse);
}

TEST_CASE("loop: when it is closed nothing stays open") {
    event_loop::close();
    const std::size_t before = open_descriptors();
    {
        fresh_loop loop;
        troupe::base::owned_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        troupe::base::owned_fd other(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        loop.hang_up(bell.get(), [] {});
        sync_wait(troupe::when_any(troupe::readable(other.get()), troupe::sleep_for(1ms)));
        REQUIRE(open_descriptors() > before);
    }
    REQUIRE(open_descriptors() == before);
}

TEST_CASE("loop: one whose doorbell cannot be watched is not there, and the next one is whole") {
    fresh_loop loop;
    const troupe::base::owned_fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));  // which no set takes
    loop.host.bell = file.get();
    REQUIRE_THROWS_AS(event_loop::current(), std::system_error);
    REQUIRE_FALSE(event_loop::exists());
    loop.host.bell = -1;
    sync_wait(troupe::sleep_for(1ms));
}

TEST_CASE("loop: a fork child forgets its parent's, makes its own, and disturbs nothing") {
    fresh_loop loop;
    box b;
    auto in_child = [&] {
        event_loop::abandon();
        sync_wait(troupe::sleep_for(1ms));
        event_loop::close();
        return b.size() == 0 ? 0 : 1;  // what was ready in the parent does not run here
    };
    auto parent = [&](box& from) -> task<int> {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(in_child());  // deep inside the parent's turn
        int status = -1;
        ::waitpid(child, &status, 0);
        co_await troupe::sleep_for(1ms);
        co_return status + co_await from.take();
    };
    auto fill = [](box& to) -> task<> {
        to.put(0);
        co_return;
    };
    REQUIRE(std::get<0>(sync_wait(troupe::when_all(parent(b), fill(b)))) == 0);
}
