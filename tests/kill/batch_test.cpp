// Batches whose sender or receiver is killed at every step: nothing that was committed is lost or doubled.
#include <chrono>
#include <csignal>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"

namespace {

constexpr int bursts = 2, burst = 150;  // each burst takes more than one record
constexpr int batch = 4;

struct point {
    int number = 0;
    char ballast[60] = {};
};
struct barrier {
    using reply = void;
};

std::vector<point> points(int first, int last) {
    std::vector<point> all;
    for (; first < last; ++first) all.push_back({first, {}});
    return all;
}

// --- the sender

troupe::task<> send_bursts(troupe::connection<point, int> to) {
    killing::take_warrant();
    for (int i = 0; i < bursts; ++i) {
        co_await to.send_many(points(i * burst, (i + 1) * burst));
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_sending() {
    auto [theirs, mine] = troupe::pipe<point, int>();
    const auto sender = co_await troupe::spawn<&send_bursts>(std::move(theirs));
    int next = 0;
    bool in_order = true;
    for (;;) {
        const auto some = co_await mine.receive_many(64);
        if (some.empty()) break;
        for (const point& one : some) in_order = in_order && one.number == next++;
    }
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << next);
    CHECK(in_order);
    CHECK(next >= killing::noted() * burst);
    CHECK(next <= (killing::noted() + 1) * burst);
    co_return co_await sender.join();
}

// --- a receiver that is started again on the same mailbox

template <int Most>
troupe::task<> take(troupe::mailbox<point, barrier> box, troupe::queue<int> seen) {
    killing::take_warrant();
    if constexpr (Most == 1) {
        co_await box.serve([&](point p) -> troupe::task<> { co_await seen.put(p.number); }, [](barrier) {});
    } else {
        for (;;) {
            // Whatever is there of the one type; then the other, which comes behind all of them.
            auto some =
                co_await troupe::when_any(box.template receive_many<point>(Most), box.template receive<barrier>());
            if (some.index() == 0) {
                const auto& all = std::get<0>(some);
                if (all.empty()) co_return;
                for (const point& one : all) co_await seen.put(one.number);
            } else {
                auto request = std::get<1>(std::move(some));
                if (!request) co_return;
                request->reply();
            }
        }
    }
}

// At most `Most` were in the hands of the one that was killed; all others are seen once, in their order.
template <int Most>
troupe::task<troupe::exit_status> killed_while_receiving() {
    troupe::queue<int> seen({.capacity = 10'000});
    troupe::supervisor crew({.max_restarts = 5});
    const auto reader = co_await crew.spawn<&take<Most>>({}, {.name = "reader"}, seen);
    for (int i = 0; i < bursts; ++i) co_await reader.send_many(points(i * batch, (i + 1) * batch));
    // Twice: the first may be taken by a reader that had looked for points before any came. Then it looks again.
    for (int answered = 0; answered < 2;) {
        try {
            co_await reader.ask(barrier{});
            ++answered;
        } catch (const troupe::actor_died&) {
        }
    }
    co_await crew.stop();
    seen.close();
    int last = -1, got = 0, lost_in_a_row = 0;
    bool in_order = true;
    while (const auto one = co_await seen.get()) {
        in_order = in_order && *one > last;
        lost_in_a_row = std::max(lost_in_a_row, *one - last - 1);
        last = *one;
        ++got;
    }
    const bool died = !killing::place_of_death().empty();
    INFO("died at " << killing::place_of_death() << ", got " << got << ", lost " << lost_in_a_row);
    CHECK(in_order);
    CHECK(bursts * batch - got <= (died ? Most : 0));
    co_return died ? troupe::exit_status::from_signal(SIGKILL, false) : troupe::exit_status::from_exit(0);
}

}  // namespace

TEST_CASE("batch: a sender killed at any step leaves what it had sent, in its order, and nothing half") {
    CHECK(killing::dies_at_each({"ring: claimed", "ring: advanced", "ring: before commit", "ring: committed"},
                                &killed_while_sending));
}

TEST_CASE("batch: of one that is handled one by one a killed reader takes along one message at most") {
    CHECK(killing::dies_at_each({"ring: before consume", "ring: part consumed", "ring: consumed"},
                                &killed_while_receiving<1>));
}

TEST_CASE("batch: a reader of many at once takes along those in its hands at most") {
    CHECK(killing::dies_at_each({"ring: part consumed", "ring: consumed"}, &killed_while_receiving<3>));
}
