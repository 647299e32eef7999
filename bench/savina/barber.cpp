// Savina's sleeping barber: how long does it take until every customer, each an actor, has come to the waiting room and
// has had a haircut?
//
// The factory starts the customers and sends them to the waiting room. Who finds it full goes back to the factory,
// which sends him again. The barber takes one at a time from the room, and sleeps when nobody waits. He works for 10 to
// 1,009 random numbers, and as long is the time between two customers.
//
// Published are 5,000 haircuts and a room for 1,000. Runs scaled by 5, with 1,000 and 200: no more than that many
// customers can be alive at one time.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::uint64_t published_haircuts = 5'000, published_room = 1'000, average_work = 1'000;
constexpr unsigned usual_scale = 5;

struct full {};
struct wait {};
struct start {};
struct done {};
using customer_address = troupe::actor<full, wait, start, done>;

struct enter {
    customer_address customer;
};
struct returned {
    customer_address customer;
};
struct next {};
struct account {
    std::uint64_t haircuts = 0, slept = 0, work = 0;
};
struct closed_for_today {
    using reply = account;
};
struct day {
    std::uint64_t served = 0, returned = 0, work = 0;
};
struct open {
    using reply = day;
};
using barber_address = troupe::actor<enter, wait>;
using room_address = troupe::actor<enter, next>;

// What it gives travels with the answers: so it has to be computed.
std::uint64_t work(bench::savina::dice& random) {
    std::uint64_t sum = 0;
    for (std::uint64_t left = random.below(average_work) + 10; left > 0; --left) sum += random.next();
    return sum;
}

// Ends with 0 after what a customer should meet with: any number of refusals, at most one wait, the start, the end.
troupe::task<int> customer(troupe::mailbox<full, wait, start, done> inbox, troupe::actor<returned, done> factory) {
    bool waited = false, started = false;
    while (const auto message = co_await inbox.receive()) {
        if (std::holds_alternative<full>(*message)) {
            if (waited || started) co_return 1;
            co_await factory.send(returned{inbox.address()});
        } else if (std::holds_alternative<wait>(*message)) {
            if (std::exchange(waited, true) || started) co_return 1;
        } else if (std::holds_alternative<start>(*message)) {
            if (std::exchange(started, true)) co_return 1;
        } else {
            co_await factory.send(done{});
            co_return started ? 0 : 1;
        }
    }
    co_return 1;
}

troupe::task<> cut(enter one, room_address room, bench::savina::dice* random, account* today) {
    co_await one.customer.send(start{});
    today->work += work(*random);
    ++today->haircuts;
    co_await one.customer.send(done{});
    co_await room.send(next{});
}

troupe::task<> barber(troupe::mailbox<enter, wait, closed_for_today> inbox, room_address room) {
    bench::savina::dice random(1);
    account today;
    co_await inbox.serve([&](enter one) { return cut(one, room, &random, &today); }, [&](wait) { ++today.slept; },
                         [&](closed_for_today) { return today; });
}

struct hire {
    barber_address barber;
};

troupe::task<> waiting_room(troupe::mailbox<hire, enter, next> inbox, std::size_t seats) {
    const auto hired = co_await inbox.receive<hire>();
    if (!hired) co_return;
    std::deque<customer_address> waiting;
    bool asleep = true;
    const auto call = [&] {
        const customer_address first = waiting.front();
        waiting.pop_front();
        return first;
    };
    while (const auto message = co_await inbox.receive()) {
        if (const auto* one = std::get_if<enter>(&*message)) {
            if (waiting.size() == seats) {
                co_await one->customer.send(full{});
                continue;
            }
            waiting.push_back(one->customer);
            if (asleep) {
                asleep = false;
                co_await hired->barber.send(enter{call()});
            } else {
                co_await one->customer.send(wait{});
            }
        } else if (!waiting.empty()) {
            co_await hired->barber.send(enter{call()});
        } else {
            asleep = true;
            co_await hired->barber.send(wait{});
        }
    }
}

troupe::task<> factory(troupe::mailbox<open, returned, done> inbox, room_address room, std::uint64_t count) {
    auto asked = co_await inbox.receive<open>();
    if (!asked) co_return;
    bench::savina::dice random(2);
    day today;
    std::vector<customer_address> customers;
    customers.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        customers.push_back(co_await troupe::spawn<customer>(inbox.address()));
        co_await room.send(enter{customers.back()});
        today.work += work(random);
    }
    for (std::uint64_t over = 0; over < count;) {
        const auto message = co_await inbox.receive();
        if (!message) co_return;
        if (const auto* one = std::get_if<returned>(&*message)) {
            ++today.returned;
            co_await room.send(enter{one->customer});
        } else {
            ++over;
        }
    }
    for (const auto& one : customers) {
        const troupe::exit_status status = co_await one.join();
        if (status.success()) ++today.served;
    }
    asked->reply(today);
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told{.scale = usual_scale};
    const auto code = bench::savina::listen("How long does it take until all customers of a barber are served?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint64_t count = published_haircuts / told.scale;
    const std::size_t seats = std::max<std::size_t>(published_room / told.scale, 1);
    const std::int64_t before = bench::now_ns();
    const auto room = co_await troupe::spawn<waiting_room>(seats);
    const auto man = co_await troupe::spawn<barber>(room);
    co_await room.send(hire{man});
    const auto shop = co_await troupe::spawn<factory>(room, count);
    const day today = co_await shop.ask(open{});
    co_await shop.join();
    room.stop();
    co_await room.join();
    const account kept = co_await man.ask(closed_for_today{});
    man.stop();
    co_await man.join();
    const std::int64_t took = bench::now_ns() - before;

    // Of each: to the room, a wait or a call, the start, the end, the end to the factory, the next one to the room.
    const std::uint64_t messages = 6 * count + 3 * today.returned + kept.slept;
    const bool right = today.served == count && kept.haircuts == count;
    co_return bench::savina::report("barber", told, took, messages, right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
