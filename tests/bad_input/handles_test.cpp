// Handles used after their end, and calls that break a rule.
#include <chrono>
#include <utility>

#include <troupe/troupe.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

using checks::contains;

template <class X>
auto waited(X&& x) {
    return troupe::sync_wait(troupe::with_timeout(20s, std::forward<X>(x)));
}

troupe::task<> serve_numbers(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
}

int no_program() { return 0; }

}  // namespace

TEST_CASE("handles: a put after close is refused, a get gives what is left and then the end") {
    troupe::queue<int> q;
    waited(q.put(1));
    q.close();
    q.close();
    CHECK_THROWS_AS(waited(q.put(2)), troupe::closed);
    CHECK_THROWS_WITH(waited(q.put(2)), contains("queue is closed"));
    CHECK_THROWS_AS(q.try_put(2), troupe::closed);
    CHECK(waited(q.get()) == 1);
    CHECK_FALSE(waited(q.get()).has_value());
    CHECK_FALSE(q.try_get().has_value());
}

TEST_CASE("handles: a send after the pipe was closed at either end is refused, a receive gives the end") {
    auto [mine, yours] = troupe::pipe<int, int>();
    waited(mine.send(1));
    yours.close();
    CHECK_THROWS_AS(waited(mine.send(2)), troupe::closed);
    CHECK_THROWS_WITH(waited(mine.send(2)), contains("pipe has ended"));
    CHECK_FALSE(waited(mine.receive()).has_value());
}

TEST_CASE("handles: a send to an actor that was asked to stop, or is dead, says which") {
    auto box = waited(troupe::spawn<&serve_numbers>());
    box.stop();
    waited(box.join());
    CHECK_THROWS_AS(waited(box.send(1)), troupe::actor_died);
    CHECK_THROWS_WITH(waited(box.send(1)), contains("exited with 0"));
    CHECK(box.try_send(1) == troupe::send_result::gone);
}

TEST_CASE("handles: a connection used after it was moved, or closed, throws misuse") {
    auto [mine, yours] = troupe::pipe<int, int>();
    auto moved = std::move(mine);
    CHECK_THROWS_AS(mine.send(1), troupe::misuse);
    CHECK_THROWS_AS(mine.receive(), troupe::misuse);
    CHECK_THROWS_WITH(mine.try_send(1), contains("this connection") && contains("moved"));
    CHECK_FALSE(static_cast<bool>(mine));
    mine.close();
    CHECK(moved.try_send(1));
    CHECK(yours.try_receive() == 1);
}

TEST_CASE("handles: a reference that names no actor throws misuse") {
    const troupe::actor<int> nobody;
    CHECK_THROWS_AS(waited(nobody.send(1)), troupe::misuse);
    CHECK_THROWS_AS(nobody.stop(), troupe::misuse);
}

TEST_CASE("handles: task_done more often than items were put throws misuse") {
    troupe::queue<int> q;
    CHECK_THROWS_AS(q.task_done(), troupe::misuse);
    CHECK_THROWS_WITH(q.task_done(), contains("more often than items were"));
}

TEST_CASE("handles: run is called once in a process; the second time is wrong use") {
    CHECK(troupe::run<&no_program>(0, nullptr) == 2);
}
