// The ready queue's two lanes and its budget.
#include <troupe/detail/ready_queue.hpp>

#include <vector>

#include "catch.hpp"

using troupe::detail::ready_queue;
using troupe::detail::work;

namespace {

struct noted : work {
    noted(std::vector<int>& into, int n) : work{&note}, order(into), number(n) {}
    static void note(work& w) noexcept {
        auto& self = static_cast<noted&>(w);
        self.order.push_back(self.number);
        if (self.then != nullptr) self.queue->push_next(*self.then);
    }
    std::vector<int>& order;
    int number;
    ready_queue* queue = nullptr;
    noted* then = nullptr;
};

}  // namespace

TEST_CASE("ready queue: the back is first in, first out, and what is next runs before it") {
    ready_queue q;
    std::vector<int> order;
    noted a(order, 1), b(order, 2), urgent(order, 0);
    q.push_back(a);
    q.push_back(b);
    q.push_next(urgent);
    REQUIRE(q.run_some(10) == 3);
    REQUIRE(order == std::vector{0, 1, 2});
    REQUIRE(q.empty());
}

TEST_CASE("ready queue: a chain is run to its end though the budget is spent") {
    ready_queue q;
    std::vector<int> order;
    noted a(order, 1), b(order, 2), c(order, 3), other(order, 9);
    a.queue = b.queue = &q;
    a.then = &b;
    b.then = &c;
    q.push_back(a);
    q.push_back(other);
    q.run_some(1);
    REQUIRE(order == std::vector{1, 2, 3});
    q.run_some(1);
    REQUIRE(order.back() == 9);
}

TEST_CASE("ready queue: an entry can leave the back before its turn") {
    ready_queue q;
    std::vector<int> order;
    noted a(order, 1), b(order, 2), c(order, 3);
    q.push_back(a);
    q.push_back(b);
    q.push_back(c);
    ready_queue::unlink(b);
    q.run_some(10);
    REQUIRE(order == std::vector{1, 3});
}

TEST_CASE("ready queue: an abandoned one is empty and works again") {
    ready_queue q;
    std::vector<int> order;
    noted a(order, 1), b(order, 2), c(order, 3);
    q.push_back(a);
    q.push_next(b);
    q.abandon();
    REQUIRE(q.empty());
    q.push_back(c);
    q.run_some(10);
    REQUIRE(order == std::vector{3});
}
