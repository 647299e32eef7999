// Savina's bounded buffer: how long do 40 producers and 40 consumers take to pass 40,000 items through a buffer of 50?
//
// The buffer is an actor. It asks a producer for an item when there is room, and gives one to a consumer that has said
// it is free. To make an item, and to use it, takes 2,500 logarithms. The time is from the first request until every
// producer has said that it is done and every consumer that it is free. Items must come in each producer's order, never
// more than 50 may wait, and the consumers must have used as many as were made, of the same checksum.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "../tally.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_items = 1'000, producers = 40, consumers = 40, buffer_size = 50;
constexpr unsigned producer_cost = 25, consumer_cost = 25;
constexpr std::uint64_t messages_an_item = 4;  // asked for, made, given, used

double work_on(double item, unsigned cost) {
    std::minstd_rand random(cost);
    for (unsigned i = 0; i < cost * 100; ++i)
        item += std::log(static_cast<double>(random()) / static_cast<double>(std::minstd_rand::max()) + 0.01);
    return item;
}

// How many items, and a sum of theirs that does not depend on their order.
struct checksum {
    std::uint64_t count = 0, sum = 0;

    void add(double item) {
        ++count;
        sum += std::bit_cast<std::uint64_t>(item);
    }
    friend bool operator==(const checksum&, const checksum&) = default;
};

struct produce {};
struct item {
    double value;
    std::uint64_t number;    // of those of its producer
    std::uint64_t producer;  // its place
};
struct sold_out {
    checksum made;
};
struct available {
    std::uint64_t consumer;  // its place
};
struct so_far {
    using reply = checksum;
};

troupe::task<> producer(troupe::mailbox<produce> inbox, troupe::actor<item, sold_out> buffer, std::uint64_t me,
                        unsigned items) {
    double value = 0;
    checksum made;
    co_await inbox.serve([&](produce) -> troupe::task<> {
        if (made.count == items) {
            co_await buffer.send(sold_out{made});
        } else {
            value = work_on(value, producer_cost);
            const std::uint64_t number = made.count;
            made.add(value);
            co_await buffer.send(item{value, number, me});
        }
    });
}

troupe::task<> consumer(troupe::mailbox<item, so_far> inbox, troupe::actor<available> buffer, std::uint64_t me) {
    double value = 0;
    checksum used;
    co_await inbox.serve(
        [&](item m) -> troupe::task<> {
            value = work_on(value + m.value, consumer_cost);
            used.add(m.value);
            co_await buffer.send(available{me});
        },
        [&](so_far) { return used; });
}

// What is between producers and consumers.
class buffer {
public:
    buffer(std::vector<troupe::actor<produce>> makers, std::vector<troupe::actor<item, so_far>> users)
        : makers_(std::move(makers)), users_(std::move(users)) {}

    troupe::task<> open() {
        for (std::size_t i = 0; i < users_.size(); ++i) free_.push_back(i);
        for (const auto& one : makers_) co_await one.send(produce{});
    }

    troupe::task<> take(item m) {
        orders_[m.producer % producers].take(m.number, true);
        if (free_.empty()) {
            waiting_.push_back(m);
            most_waiting_ = std::max(most_waiting_, waiting_.size());
        } else {
            const std::size_t user = free_.front();
            free_.pop_front();
            co_await users_[user].send(m);
        }
        // Each of the producers may have one more on its way.
        if (waiting_.size() >= buffer_size - producers) {
            held_back_.push_back(m.producer);
        } else {
            co_await makers_[m.producer].send(produce{});
        }
    }

    troupe::task<> take(available m) {
        if (waiting_.empty()) {
            free_.push_back(m.consumer);
            co_return;
        }
        const item next = waiting_.front();
        waiting_.pop_front();
        co_await users_[m.consumer].send(next);
        if (held_back_.empty()) co_return;
        const std::uint64_t maker = held_back_.front();
        held_back_.pop_front();
        co_await makers_[maker].send(produce{});
    }

    void take(sold_out m) {
        ++sold_out_;
        made_.count += m.made.count;
        made_.sum += m.made.sum;
    }

    bool over() const { return sold_out_ == makers_.size() && free_.size() == users_.size(); }
    checksum made() const { return made_; }
    bool sound() const {
        return most_waiting_ <= buffer_size &&
               std::all_of(orders_.begin(), orders_.end(), [](const bench::tally& one) { return one.errors() == 0; });
    }

private:
    std::vector<troupe::actor<produce>> makers_;
    std::vector<troupe::actor<item, so_far>> users_;
    std::deque<std::uint64_t> held_back_;  // producers
    std::deque<std::uint64_t> free_;       // consumers
    std::deque<item> waiting_;
    std::size_t most_waiting_ = 0, sold_out_ = 0;
    checksum made_;
    std::vector<bench::tally> orders_ = std::vector<bench::tally>(producers);
};

troupe::task<int> master(troupe::mailbox<item, sold_out, available> inbox, bench::savina::wishes told) {
    const unsigned items = scaled(published_items, told);
    std::vector<troupe::actor<produce>> makers;
    makers.reserve(producers);
    for (std::uint64_t i = 0; i < producers; ++i)
        makers.push_back(co_await troupe::spawn<producer>(inbox.address(), i, items));
    std::vector<troupe::actor<item, so_far>> users;
    users.reserve(consumers);
    for (std::uint64_t i = 0; i < consumers; ++i) users.push_back(co_await troupe::spawn<consumer>(inbox.address(), i));

    buffer between(makers, users);
    const auto end_when_over = [&] {
        if (between.over()) inbox.address().stop();
    };
    const std::int64_t start = bench::now_ns();
    co_await between.open();
    co_await inbox.serve([&](item m) -> troupe::task<> { co_await between.take(m); },
                         [&](sold_out m) {
                             between.take(m);
                             end_when_over();
                         },
                         [&](available m) -> troupe::task<> {
                             co_await between.take(m);
                             end_when_over();
                         });
    const std::int64_t took = bench::now_ns() - start;

    checksum used;
    for (const auto& one : users) {
        const checksum its = co_await one.ask(so_far{});
        used.count += its.count;
        used.sum += its.sum;
    }
    const std::uint64_t made = std::uint64_t{items} * producers;
    bool right = between.sound() && between.made() == used && used.count == made;
    right = co_await bench::savina::dismiss(makers) && right;
    right = co_await bench::savina::dismiss(users) && right;
    co_return report("bndbuffer", told, took, messages_an_item * made, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long does it take to pass 40,000 items through a buffer of 50?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
