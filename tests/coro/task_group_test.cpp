// Task groups: side by side, and over before their scope is.
#include <troupe/error.hpp>
#include <troupe/task_group.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "here.hpp"

namespace {

using here::box;
using here::started;
using troupe::task;
using troupe::task_group;

task<> add(box& from, int& sum) { sum += co_await from.take(); }

struct counted {
    explicit counted(int& n) : alive(n) { ++alive; }
    counted(const counted& other) : alive(other.alive) { ++alive; }
    ~counted() { --alive; }
    int& alive;
};

task<> hold(counted) { co_return; }

task<> fail(std::string text) {
    throw std::runtime_error(text);
    co_return;
}

}  // namespace

TEST_CASE("task_group: it ends when every task has ended, and gives what the body gives") {
    box b;
    int sum = 0;
    started<int> s(task_group::run([&](task_group& group) -> task<int> {
        for (int i = 0; i < 3; ++i) group.start(add(b, sum));
        REQUIRE(group.size() == 3);
        co_return 7;
    }));
    s.run();
    b.put(1);
    b.put(2);
    REQUIRE_FALSE(s.run().ended());
    b.put(3);
    REQUIRE(s.run().result() == 7);
    REQUIRE(sum == 6);
}

TEST_CASE("task_group: tasks start in their order, after the caller of start went on") {
    std::vector<int> order;
    here::run(task_group::run([&](task_group& group) -> task<> {
        auto note = [](std::vector<int>& into, int n) -> task<> {
            into.push_back(n);
            co_return;
        };
        group.start(note(order, 2));
        group.start(note(order, 3));
        order.push_back(1);
        co_return;
    }));
    REQUIRE(order == std::vector{1, 2, 3});
}

TEST_CASE("task_group: tasks may start tasks, and what they give is dropped") {
    box b;
    int sum = 0;
    auto parent = [&](task_group& group) -> task<int> {
        group.start(add(b, sum));
        co_return 1;
    };
    started<void> s(task_group::run([&](task_group& group) -> task<> {
        group.start(parent(group));
        co_return;
    }));
    s.run();
    b.put(6);
    s.run().result();
    REQUIRE(sum == 6);
}

TEST_CASE("task_group: a body that joins its tasks keeps its variables until they have ended") {
    box b;
    started<int> s(task_group::run([&](task_group& group) -> task<int> {
        int sum = 0;
        group.start(add(b, sum));
        group.start(add(b, sum));
        co_await group.join();
        co_return sum;
    }));
    s.run();
    b.put(20);
    REQUIRE_FALSE(s.run().ended());
    b.put(22);
    REQUIRE(s.run().result() == 42);
}

TEST_CASE("task_group: a failure ends the join of the body too") {
    box b;
    bool went_on = false;
    started<void> s(task_group::run([&](task_group& group) -> task<> {
        group.start(fail("while joining"));
        co_await group.join();
        went_on = true;
    }));
    REQUIRE_THROWS_WITH(s.run().result(), "while joining");
    REQUIRE_FALSE(went_on);
}

TEST_CASE("task_group: the first failure cancels the body and the other tasks and is rethrown") {
    box never;
    int sum = 0;
    started<void> s(task_group::run([&](task_group& group) -> task<> {
        group.start(add(never, sum));
        group.start(fail("first"));
        group.start(fail("second"));
        co_await never.take();
    }));
    REQUIRE(s.run().ended());
    REQUIRE(never.waiting() == 0);
    REQUIRE_THROWS_WITH(s.result(), "first");
}

TEST_CASE("task_group: a body that throws cancels the tasks") {
    box never;
    int sum = 0;
    started<void> s(task_group::run([&](task_group& group) -> task<> {
        group.start(add(never, sum));
        throw std::runtime_error("body");
        co_return;
    }));
    s.run();
    REQUIRE_THROWS_WITH(s.result(), "body");
    REQUIRE(never.waiting() == 0);
}

TEST_CASE("task_group: cancelling whoever awaits it cancels everything in it") {
    box never;
    int sum = 0;
    started<void> s(task_group::run([&](task_group& group) -> task<> {
        group.start(add(never, sum));
        co_return;
    }));
    s.run().cancel();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE(never.waiting() == 0);
}

TEST_CASE("task_group: the body may cancel its tasks, which is no failure, and start others") {
    box never, some;
    int sum = 0;
    started<int> s(task_group::run([&](task_group& group) -> task<int> {
        group.start(add(never, sum));
        co_await some.take();
        group.cancel_tasks();
        group.start(add(some, sum));
        co_return 9;
    }));
    s.run();
    some.put(1);
    some.put(2);
    REQUIRE(s.run().result() == 9);
    REQUIRE(sum == 2);
    REQUIRE(never.waiting() == 0);
}

TEST_CASE("task_group: what is started after a failure is dropped without being entered") {
    box never;
    bool entered = false;
    started<void> s(task_group::run([&](task_group& group) -> task<> {
        auto body = [&](task_group& g) -> task<> {
            try {
                co_await never.take();
            } catch (const troupe::cancelled&) {
                g.start([](bool& flag) -> task<> {
                    flag = true;
                    co_return;
                }(entered));
            }
        };
        group.start(fail("first"));
        co_await body(group);
    }));
    REQUIRE_THROWS_WITH(s.run().result(), "first");
    REQUIRE_FALSE(entered);
}

TEST_CASE("task_group: a long-lived one keeps nothing of the tasks that ended") {
    box turns;
    int alive = 0;
    started<void> s(task_group::run([&](task_group& group) -> task<> {
        for (int i = 0; i < 100; ++i) {
            group.start(hold(counted(alive)));
            co_await turns.take();
        }
    }));
    for (int i = 0; i < 50; ++i) {
        s.run();
        REQUIRE(alive == 0);  // not even of the last one
        turns.put(0);
    }
    s.run().cancel();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
}

TEST_CASE("task_group: what a task held is gone when the group ends in the same turn") {
    int alive = 0;
    here::run(task_group::run([&](task_group& group) -> task<> {
        group.start(hold(counted(alive)));
        group.start(hold(counted(alive)));
        co_return;
    }));
    REQUIRE(alive == 0);
}

TEST_CASE("task_group: a task that was moved from is misuse where it is started") {
    REQUIRE_THROWS_AS(here::run(task_group::run([](task_group& group) -> task<> {
                          group.start(task<>());
                          co_return;
                      })),
                      troupe::misuse);
}
