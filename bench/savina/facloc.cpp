// Savina's online facility location: how long does a tree of quadrants, each an actor, take to assign customers to the
// facilities that it opens for them?
//
// A grid of 500 x 500. A customer costs a quadrant his distance to the nearest facility it knows. When the costs exceed
// twice the diagonal of the grid, the quadrant opens a facility in its middle, tells its parent, who tells the quadrant
// across and its own parent, and hands its customers, those there are and those to come, to four quadrants of half its
// side. The producer sends the next customer when the root has taken the last one.
//
// Published are 100,000 customers, which take more than 1,000 quadrants. Runs scaled by 10, with 10,000.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::uint64_t published_customers = 100'000, seed = 123'456;
constexpr unsigned usual_scale = 10;
constexpr double side = 500;
const double threshold = 2 * std::sqrt(2) * side;
constexpr std::size_t quarters = 4;

struct point {
    double x, y;
    double distance(const point& to) const noexcept { return std::hypot(x - to.x, y - to.y); }
};
struct customer {
    point where;
    std::uint64_t number;
};
struct opened {
    point where;
    std::uint64_t quarter;  // of the parent, in which it is
};
struct known {
    point where;
};
struct taken {};
struct leave {};
// What a quadrant and all below it have had.
struct left {
    std::uint64_t customers = 0, sum_of_numbers = 0, misplaced = 0, facilities = 0, messages = 0;

    void add(const left& other) noexcept {
        customers += other.customers;
        sum_of_numbers += other.sum_of_numbers;
        misplaced += other.misplaced;
        facilities += other.facilities;
        messages += other.messages;
    }
};
struct run {
    using reply = left;
    std::uint64_t customers;
};

// Half open, so that every point lies in one quarter. They count from the corner at the smallest x and y; across from
// quarter q is 3 - q.
struct box {
    double x, y, side;

    point middle() const noexcept { return {x + side / 2, y + side / 2}; }
    std::size_t quarter_of(const point& p) const noexcept {
        return (p.x < middle().x ? 0 : 1) + (p.y < middle().y ? 0 : 2);
    }
    box quarter(std::size_t q) const noexcept {
        return {q % 2 == 0 ? x : middle().x, q / 2 == 0 ? y : middle().y, side / 2};
    }
    bool contains(const point& p) const noexcept { return x <= p.x && p.x < x + side && y <= p.y && p.y < y + side; }
};

using parent_address = troupe::actor<opened, left>;
using quadrant_address = troupe::actor<customer, known, leave>;
using quadrant_mailbox = troupe::mailbox<customer, opened, known, leave, left>;

struct place {
    box bounds;
    std::uint64_t quarter;  // of the parent
    std::uint64_t room;     // of the mailbox, in bytes
};

troupe::task<quadrant_address> start_quadrant(place at, parent_address parent, std::vector<point> facilities,
                                              std::vector<customer> customers);

class quadrant {
public:
    quadrant(place at, parent_address parent, std::vector<point> facilities, troupe::actor<taken> producer)
        : at_(at), parent_(parent), producer_(producer), facilities_(std::move(facilities)) {
        facilities_.push_back(at.bounds.middle());
    }

    void keep(const customer& one) {
        if (!at_.bounds.contains(one.where)) ++total_.misplaced;
        customers_.push_back(one);
        double nearest = std::numeric_limits<double>::max();
        for (const point& each : facilities_) nearest = std::min(nearest, each.distance(one.where));
        costs_ += nearest;
    }
    troupe::task<> take(customer one, parent_address self) {
        ++total_.messages;
        if (!children_.empty()) {
            co_await children_[at_.bounds.quarter_of(one.where)].send(one);
        } else {
            keep(one);
            if (costs_ > threshold) co_await open(self);
        }
        if (producer_) co_await producer_.send(taken{});
    }
    // By a child: its sibling across has to know, and whoever is above.
    troupe::task<> learn(opened one) {
        ++total_.messages;
        facilities_.push_back(one.where);
        co_await parent_.send(opened{one.where, at_.quarter});
        co_await children_.at(quarters - 1 - one.quarter).send(known{one.where});
    }
    troupe::task<> learn(known one) {
        ++total_.messages;
        facilities_.push_back(one.where);
        for (const quadrant_address& child : children_) co_await child.send(one);
    }
    troupe::task<> close() {
        ++total_.messages;
        for (const quadrant_address& child : children_) co_await child.send(leave{});
        if (children_.empty()) co_await tell();
    }
    troupe::task<> count(left below) {
        ++total_.messages;
        total_.add(below);
        if (++gone_ == quarters) co_await tell();
    }

private:
    troupe::task<> open(parent_address self) {
        co_await parent_.send(opened{at_.bounds.middle(), at_.quarter});
        ++total_.facilities;
        std::array<std::vector<customer>, quarters> shares;
        for (const customer& each : customers_) shares[at_.bounds.quarter_of(each.where)].push_back(each);
        customers_.clear();
        std::vector<quadrant_address> started;
        started.reserve(quarters);
        for (std::size_t i = 0; i < quarters; ++i)
            started.push_back(
                co_await start_quadrant({at_.bounds.quarter(i), i, at_.room}, self, facilities_, std::move(shares[i])));
        children_ = std::move(started);
    }
    troupe::task<> tell() {
        for (const customer& each : customers_) {
            ++total_.customers;
            total_.sum_of_numbers += each.number;
        }
        co_await parent_.send(total_);
    }

    place at_;
    parent_address parent_;
    troupe::actor<taken> producer_;  // to be told of each customer; the root's alone
    std::vector<point> facilities_;  // that it knows, and its own, open or not
    std::vector<customer> customers_;
    std::vector<quadrant_address> children_;  // none until its facility is open
    double costs_ = 0;
    std::size_t gone_ = 0;
    left total_;
};

// Serves until its parent's function returns: what is still told to a quadrant that has left reaches it.
troupe::task<> serve_quadrant(quadrant_mailbox inbox, place at, parent_address parent, std::vector<point> facilities,
                              std::vector<customer> customers, troupe::actor<taken> producer) {
    quadrant mine(at, parent, std::move(facilities), producer);
    for (const customer& each : customers) mine.keep(each);
    const parent_address self = inbox.address();
    co_await inbox.serve([&](customer one) { return mine.take(one, self); },
                         [&](opened one) { return mine.learn(one); }, [&](known one) { return mine.learn(one); },
                         [&](leave) { return mine.close(); }, [&](left below) { return mine.count(below); });
}

troupe::task<quadrant_address> start_quadrant(place at, parent_address parent, std::vector<point> facilities,
                                              std::vector<customer> customers) {
    co_return co_await troupe::spawn<serve_quadrant>({.mailbox = at.room}, at, parent, std::move(facilities),
                                                     std::move(customers), troupe::actor<taken>());
}

// The parent of the root.
troupe::task<> producer(troupe::mailbox<run, taken, opened, left> inbox) {
    auto asked = co_await inbox.receive<run>();
    if (!asked) co_return;
    // Room for all customers: no quadrant waits for a child that waits to tell it something.
    const std::uint64_t room = std::max<std::uint64_t>(2 * 64 * asked->customers, 64 << 10);
    const place everywhere{{0, 0, side}, 0, room};
    const quadrant_address root = co_await troupe::spawn<serve_quadrant>(
        {.mailbox = room}, everywhere, inbox.address(), std::vector<point>(), std::vector<customer>(), inbox.address());
    bench::savina::dice random(seed);
    for (std::uint64_t i = 0; i < asked->customers; ++i) {
        const double x = random.unit() * side, y = random.unit() * side;
        co_await root.send(customer{{x, y}, i});
        // What the root opens is read and of no interest. Passed over, it would keep the room of all that comes behind
        // it.
        for (bool waits = true; waits;) {
            const auto next = co_await inbox.receive();
            if (!next) co_return;
            waits = !std::holds_alternative<taken>(*next);
        }
    }
    co_await root.send(leave{});
    if (const auto all = co_await inbox.receive<left>()) asked->reply(*all);
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told{.scale = usual_scale};
    const auto code = bench::savina::listen("How long does a tree of quadrants take to assign customers to facilities?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint64_t customers = published_customers / told.scale;
    const std::int64_t start = bench::now_ns();
    const auto one = co_await troupe::spawn<producer>();
    const left all = co_await one.ask(run{customers});
    co_await one.join();
    const std::int64_t took = bench::now_ns() - start;
    const bool right = all.customers == customers && all.sum_of_numbers == customers * (customers - 1) / 2 &&
                       all.misplaced == 0 && (all.facilities > 0 || customers < 100);
    co_return bench::savina::report("facloc", told, took, all.messages + customers, right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
