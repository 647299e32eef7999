// Sleeping, deadlines, yielding, timers.
#include <troupe/error.hpp>
#include <troupe/sync_wait.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "coro/here.hpp"
#include "loop/event_loop.hpp"
#include "loop/timer_set.hpp"

namespace {

using namespace std::chrono_literals;
using here::box;
using std::chrono::steady_clock;
using troupe::sync_wait;
using troupe::task;
using troupe::with_timeout;

task<> note_after(std::vector<int>& order, std::chrono::milliseconds d, int n) {
    co_await troupe::sleep_for(d);
    order.push_back(n);
}

task<> note_yielding(std::vector<int>& order, int n) {
    order.push_back(n);
    co_await troupe::yield();
    order.push_back(n);
}

}  // namespace

TEST_CASE("sleep: it ends not before its time") {
    const auto start = steady_clock::now();
    sync_wait(troupe::sleep_for(3ms));
    REQUIRE(steady_clock::now() - start >= 3ms);
    const auto until = steady_clock::now() + 1500us;
    sync_wait(troupe::sleep_until(until));
    REQUIRE(steady_clock::now() >= until);
}

TEST_CASE("sleep: the shortest ends first, and of one length the first that was begun") {
    std::vector<int> order;
    sync_wait(troupe::when_all(note_after(order, 20ms, 3), note_after(order, 1ms, 1), note_after(order, 10ms, 2)));
    REQUIRE(order == std::vector{1, 2, 3});
}

TEST_CASE("sleep: none and less than none is no wait") {
    sync_wait(troupe::sleep_for(0s));
    sync_wait(troupe::sleep_for(-1h));
    sync_wait(troupe::sleep_until(steady_clock::time_point{}));
}

TEST_CASE("sleep: one that is awaited again counts anew") {
    const auto twice = []() -> task<> {
        auto pause = troupe::sleep_for(3ms);
        co_await pause;
        co_await pause;
    };
    const auto start = steady_clock::now();
    sync_wait(twice());
    REQUIRE(steady_clock::now() - start >= 6ms);
}

TEST_CASE("sleep: the longest durations mean never, and can be cancelled") {
    const auto first =
        sync_wait(troupe::when_any(troupe::sleep_for(std::chrono::hours::max()),
                                   troupe::sleep_for(std::chrono::nanoseconds::max()), troupe::sleep_for(1ms)));
    REQUIRE(first.index() == 2);
}

TEST_CASE("yield: others run in between") {
    std::vector<int> order;
    sync_wait(troupe::when_all(note_yielding(order, 1), note_yielding(order, 2)));
    REQUIRE(order == std::vector{1, 2, 1, 2});
}

TEST_CASE("with_timeout: it gives what its argument gives in time") {
    box b;
    b.put(4);
    REQUIRE(sync_wait(with_timeout(1h, b.take())) == 4);
    sync_wait(with_timeout(1h, troupe::sleep_for(1ms)));
}

TEST_CASE("with_timeout: when the time is up it throws timed_out, and nothing was taken") {
    box b;
    REQUIRE_THROWS_AS(sync_wait(with_timeout(1ms, here::take_from(b))), troupe::timed_out);
    REQUIRE(b.waiting() == 0);
    b.put(1);
    REQUIRE(b.taken == 0);
}

TEST_CASE("with_timeout: its argument is tried once, however short the time") {
    box b;
    b.put(4);
    REQUIRE(sync_wait(with_timeout(-1s, b.take())) == 4);
}

TEST_CASE("with_timeout: its argument is tried once, also where the turn is over before and the time is up") {
    box b;
    b.put(4);
    here::started<int> s(with_timeout(-1s, b.take()));
    troupe::detail::ready.run_some(1);
    REQUIRE(b.taken == 0);
    REQUIRE(troupe::loop::event_loop::current().timers().fire_due(steady_clock::now()));
    REQUIRE(s.run().result() == 4);
}

TEST_CASE("with_timeout: what is woken in the turn of the deadline is either given or left") {
    box b;
    int given = 0;
    int timed_out = 0;
    auto late = [](box& to) -> task<> {
        co_await troupe::sleep_for(1ms);
        to.put(1);
    };
    for (int i = 0; i < 20; ++i) {
        auto both = [&]() -> task<> {
            co_await troupe::when_all(late(b), [](box& from, int& got, int& missed) -> task<> {
                try {
                    got += co_await with_timeout(1ms, from.take());
                } catch (const troupe::timed_out&) {
                    ++missed;
                }
            }(b, given, timed_out));
        };
        sync_wait(both());
    }
    REQUIRE(given + timed_out == 20);
    REQUIRE(b.taken == given);
    REQUIRE(static_cast<int>(b.size()) == timed_out);
}

TEST_CASE("with_timeout: a failure of its argument is that failure") {
    auto fail = []() -> task<> {
        throw std::runtime_error("broken");
        co_return;
    };
    REQUIRE_THROWS_WITH(sync_wait(with_timeout(1h, fail())), "broken");
}

TEST_CASE("with_timeout: an argument that ends by itself after the deadline counts") {
    auto stubborn = [](box& from) -> task<std::string> {
        try {
            co_await from.take();
        } catch (const troupe::cancelled&) {
        }
        co_return "done all the same";
    };
    box never;
    REQUIRE(sync_wait(with_timeout(1ms, stubborn(never))) == "done all the same");
}

TEST_CASE("with_timeout: the inner deadline of two is the inner one's failure") {
    box never;
    auto inner = [](box& from) -> task<int> {
        try {
            co_return co_await with_timeout(1ms, from.take());
        } catch (const troupe::timed_out&) {
            co_return -1;
        }
    };
    REQUIRE(sync_wait(with_timeout(1h, inner(never))) == -1);
}

TEST_CASE("with_timeout: if its awaiter is cancelled it throws cancelled") {
    box never;
    here::started<int> s(with_timeout(1h, never.take()));
    s.run().cancel();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
}

TEST_CASE("with_timeout: if its awaiter is cancelled after the deadline too, it throws cancelled") {
    auto slow_to_stop = [](box& from, box& needed) -> task<int> {
        std::exception_ptr stopped;
        try {
            co_await from.take();
        } catch (const troupe::cancelled&) {
            stopped = std::current_exception();
        }
        co_await needed.take();
        std::rethrow_exception(stopped);
    };
    box never, cleaning;
    here::started<int> s(with_timeout(1ms, slow_to_stop(never, cleaning)));
    while (cleaning.waiting() == 0) sync_wait(troupe::sleep_for(1ms));
    s.cancel();
    cleaning.put(1);
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
}

TEST_CASE("with_timeout: if its awaiter is cancelled after the deadline and it gives a value, the next await says so") {
    auto slow_to_stop = [](box& from, box& needed) -> task<int> {
        bool stopped = false;
        try {
            co_await from.take();
        } catch (const troupe::cancelled&) {
            stopped = true;
        }
        if (!stopped) co_return 0;
        co_return co_await needed.take();
    };
    box never, cleaning, later;
    auto body = [&]() -> task<int> {
        co_await with_timeout(1ms, slow_to_stop(never, cleaning));
        co_return co_await later.take();
    };
    here::started<int> s(body());
    while (cleaning.waiting() == 0) sync_wait(troupe::sleep_for(1ms));
    s.cancel();
    cleaning.put(1);
    later.put(1);
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE(later.taken == 0);
}

TEST_CASE("timer set: what is due fires in the order of deadlines, whatever was disarmed between") {
    struct numbered : troupe::detail::timer {
        std::vector<int>* order = nullptr;
        int number = 0;
    };
    const int stride = GENERATE(range(1, 40));
    std::vector<int> order;
    std::vector<numbered> timers(100);
    troupe::loop::timer_set set;
    const steady_clock::time_point start{};
    for (int i = 0; i < 100; ++i) {
        auto& t = timers[static_cast<std::size_t>(i)];
        t.order = &order;
        t.number = i * stride % 101;
        t.deadline = start + std::chrono::seconds(t.number);
        t.due = [](troupe::detail::timer& one) noexcept {
            auto& n = static_cast<numbered&>(one);
            n.order->push_back(n.number);
        };
        set.arm(t);
    }
    for (std::size_t i = 0; i < 50; ++i) set.disarm(timers[(i * 7) % 100]);
    REQUIRE_FALSE(set.fire_due(start - 1s));
    REQUIRE(set.fire_due(start + 101s));
    REQUIRE(set.empty());
    REQUIRE(order.size() == 50);
    REQUIRE(std::is_sorted(order.begin(), order.end()));
}
