// Savina's unbalanced cobwebbed tree: how long does it take to grow a tree in which every node is an actor, and to
// visit all of it?
//
// A node asks the root whether it may have children: half of them get ten, as long as the tree stays within its size.
// In half of the families one child is urgent. When nobody is left to ask, the tree is visited from the root downwards;
// each node works for its size, 500 on average with a deviation of 100, waits for its children, and tells its parent
// what was visited below it. A unit of work is 40 random numbers, as Savina's 40,000 empty steps are nothing to a
// compiler.
//
// Published are 200,000 nodes. Runs scaled by 200: 1,000 nodes at most, all of them alive at one time.

#include <troupe/troupe.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::uint64_t published_nodes = 200'000, family = 10, no_child = family;
constexpr unsigned usual_scale = 200;
constexpr std::uint64_t draws_a_unit = 40, work_before_asking = 100;
constexpr double average_size = 500, deviation = 100;
constexpr std::uint64_t urgent_percent = 50;

// What a node may have: no children, or ten with the numbers from `first` on.
struct grant {
    std::uint64_t children, first, size, urgent;
};
struct may_have_children {
    using reply = grant;
};
struct try_it {};
struct visit {};
// What was visited below a node, with itself; `work` travels along so that it has to be computed.
struct subtree {
    std::uint64_t nodes, sum_of_numbers, urgent, work;

    void add(const subtree& other) noexcept {
        nodes += other.nodes;
        sum_of_numbers += other.sum_of_numbers;
        urgent += other.urgent;
        work += other.work;
    }
};
struct grow {
    using reply = subtree;
    std::uint64_t most;
};

// Decides who gets children: the tree is the same whatever the order in which they ask, but for who is where in it.
class nursery {
public:
    explicit nursery(std::uint64_t most) : most_(most) {}

    grant first_family() { return family_of(no_child); }
    grant next() {
        --waiting_;
        if (size_ + family > most_ || random_.below(2) == 0) return {0, 0, 0, no_child};
        return family_of(random_.below(100) < urgent_percent ? random_.below(family) : no_child);
    }
    bool grows() const noexcept { return waiting_ > 0; }
    subtree all() const noexcept { return {size_, size_ * (size_ - 1) / 2, urgent_, 0}; }

private:
    grant family_of(std::uint64_t urgent) {
        const grant given{family, size_, next_size(), urgent};
        size_ += family;
        waiting_ += family;
        urgent_ += urgent == no_child ? 0 : 1;
        return given;
    }
    std::uint64_t next_size() {
        for (;;) {
            const double radius = std::sqrt(-2 * std::log(1 - random_.unit()));
            const double size = average_size + deviation * radius * std::cos(2 * std::numbers::pi * random_.unit());
            if (size >= 1) return static_cast<std::uint64_t>(size);
        }
    }

    bench::savina::dice random_{2};
    std::uint64_t most_, size_ = 1, waiting_ = 0, urgent_ = 0;
};

std::uint64_t work(std::uint64_t units) {
    bench::savina::dice random(units);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < units * draws_a_unit; ++i) sum += random.next();
    return sum;
}

using root_address = troupe::actor<may_have_children>;
using parent_address = troupe::actor<subtree>;
using node_address = troupe::actor<try_it, visit>;

troupe::task<std::vector<node_address>> have_children(grant given, parent_address parent, root_address root);

struct place {
    std::uint64_t number, size, urgent;
};

troupe::task<> node(troupe::mailbox<try_it, visit, subtree> inbox, place mine, parent_address parent,
                    root_address root) {
    if (!co_await inbox.receive<try_it>()) co_return;
    subtree below{1, mine.number, mine.urgent, work(work_before_asking)};
    const grant given = co_await root.ask(may_have_children{});
    const std::vector<node_address> children = co_await have_children(given, inbox.address(), root);
    if (!co_await inbox.receive<visit>()) co_return;
    below.work += work(mine.size);
    for (const node_address& child : children) co_await child.send(visit{});
    for (std::size_t i = 0; i < children.size(); ++i)
        if (const auto one = co_await inbox.receive<subtree>()) below.add(*one);
    co_await parent.send(below);
}

troupe::task<std::vector<node_address>> have_children(grant given, parent_address parent, root_address root) {
    std::vector<node_address> children;
    children.reserve(given.children);
    for (std::uint64_t i = 0; i < given.children; ++i) {
        const place one{given.first + i, given.size, i == given.urgent ? std::uint64_t{1} : 0};
        children.push_back(co_await troupe::spawn<node>(one, parent, root));
    }
    for (const node_address& child : children) co_await child.send(try_it{});
    co_return children;
}

troupe::task<> root(troupe::mailbox<grow, may_have_children, subtree> inbox) {
    auto asked = co_await inbox.receive<grow>();
    if (!asked) co_return;
    nursery all(asked->most);
    const std::vector<node_address> children =
        co_await have_children(all.first_family(), inbox.address(), inbox.address());
    while (all.grows()) {
        auto one = co_await inbox.receive<may_have_children>();
        if (!one) co_return;
        one->reply(all.next());
    }
    for (const node_address& child : children) co_await child.send(visit{});
    subtree below{1, 0, 0, 0};
    for (std::size_t i = 0; i < children.size(); ++i)
        if (const auto one = co_await inbox.receive<subtree>()) below.add(*one);
    asked->reply(below);
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told{.scale = usual_scale};
    const auto code = bench::savina::listen("How long does it take to grow a tree of actors, and to visit all of it?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint64_t most = published_nodes / told.scale;
    const std::int64_t start = bench::now_ns();
    const auto top = co_await troupe::spawn<root>();
    const subtree seen = co_await top.ask(grow{most});
    co_await top.join();
    const std::int64_t took = bench::now_ns() - start;

    nursery again(most);
    again.first_family();
    while (again.grows()) again.next();
    const subtree all = again.all();
    const bool right =
        seen.nodes == all.nodes && seen.sum_of_numbers == all.sum_of_numbers && seen.urgent == all.urgent;
    // To each node but the root: the word to try, the question and its answer, the visit, what was below it.
    co_return bench::savina::report("uct", told, took, 5 * (all.nodes - 1), right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
