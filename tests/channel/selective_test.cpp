// Selective receives: what they pass over, what that costs, and whom an arrival wakes.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"
#include "catch.hpp"
#include "channel/lone_inbox.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::mailbox;
using troupe::task;

struct noise {
    int number = 0;
};
struct wanted {
    int number = 0;
};
struct text {  // not flat
    int number = 0;
    std::string words;
};
// Receive so many; how many records were looked at for it. -1: out of order.
struct measure {
    using reply = std::int64_t;
    int count = 0;
    bool many = false;
};

task<> reader(mailbox<noise, wanted, measure> inbox) {
    while (auto asked = co_await inbox.receive<measure>()) {
        const std::uint64_t before = troupe::actors::own_process::here().needed_mailbox().records_examined();
        bool in_order = true;
        for (int next = 0; next < asked->count;) {
            if (asked->many) {
                const auto some = co_await inbox.receive_many<wanted>(64);
                for (const wanted& one : some) {
                    in_order = in_order && one.number == next++;
                }
            } else {
                const auto one = co_await inbox.receive<wanted>();
                in_order = in_order && one && one->number == next++;
            }
        }
        const std::uint64_t looks = troupe::actors::own_process::here().needed_mailbox().records_examined() - before;
        for (int i = 0; i < asked->count; ++i) {
            const auto one = co_await inbox.receive<noise>();
            in_order = in_order && one && one->number == i;
        }
        asked->reply(in_order ? static_cast<std::int64_t>(looks) : -1);
    }
}

template <class M, class Reference>
task<> send_numbers(Reference to, int count) {
    for (int i = 0; i < count; ++i) co_await to.send(M{i});
}

task<> examined_once() {
    constexpr int count = 4000;
    const auto one = co_await troupe::spawn<reader>({.mailbox = 4 << 20});
    for (const bool many : {false, true}) {
        co_await send_numbers<noise>(one, count);
        co_await send_numbers<wanted>(one, count);
        const std::int64_t looks = co_await one.ask(measure{count, many}, 20s);
        CHECK(looks >= 0);
        CHECK(looks <= 4 * count);  // and not a number of thousands for each
    }
    // What arrives behind them while the reader waits for it.
    co_await send_numbers<noise>(one, count);
    const auto [looks, sent] =
        co_await troupe::when_all(one.ask(measure{count, false}, 20s), send_numbers<wanted>(one, count));
    static_cast<void>(sent);
    CHECK(looks >= 0);
    CHECK(looks <= 4 * count);
    one.stop();
    co_await one.join();
}

// --- in any mixture it gives what a list would

class numbers {
public:
    explicit numbers(std::uint64_t seed) : state_(seed * 2654435761 + 1) {}
    int below(int end) {
        state_ = state_ * 6364136223846793005 + 1442695040888963407;
        return static_cast<int>((state_ >> 33) % static_cast<std::uint64_t>(end));
    }

private:
    std::uint64_t state_;
};

struct all_sent {
    using reply = std::string;  // what was wrong; empty for nothing
    std::vector<int> kinds;     // of the messages, in the order of their numbers
    int seed = 0;
};

using mixed = mailbox<noise, wanted, text, all_sent>;

int number_of(const noise& m) { return m.number; }
int number_of(const wanted& m) { return m.number; }
int number_of(const text& m) { return m.words == std::to_string(m.number) ? m.number : -1; }

class model {
public:
    explicit model(const std::vector<int>& kinds) {
        for (std::size_t i = 0; i < kinds.size(); ++i) left_.emplace_back(kinds[i], static_cast<int>(i));
    }
    bool empty() const { return left_.empty(); }
    bool has(int kind) const {
        for (const auto& one : left_) {
            if (one.first == kind) return true;
        }
        return false;
    }
    int take(int kind) {  // -1: of any
        for (auto one = left_.begin(); one != left_.end(); ++one) {
            if (kind != -1 && one->first != kind) continue;
            const int number = one->second;
            left_.erase(one);
            return number;
        }
        return -1;
    }

private:
    std::deque<std::pair<int, int>> left_;
};

template <class M>
task<std::string> take_some(mixed* inbox, model* expected, int kind, int many) {
    if (many == 0) {
        const auto one = co_await inbox->receive<M>();
        const int number = expected->take(kind);
        if (number_of(*one) != number) co_return "received another than " + std::to_string(number);
        co_return "";
    }
    const auto all = co_await inbox->receive_many<M>(static_cast<std::size_t>(many));
    for (const M& one : all) {
        const int number = expected->take(kind);
        if (number_of(one) != number) co_return "received many, and another than " + std::to_string(number);
    }
    co_return "";
}

task<> compare(mixed inbox) {
    auto asked = co_await inbox.receive<all_sent>();
    model expected(asked->kinds);
    numbers dice(static_cast<std::uint64_t>(asked->seed));
    std::string wrong;
    while (wrong.empty() && !expected.empty()) {
        const int kind = dice.below(4), many = dice.below(3) * 7;
        if (kind < 3 && !expected.has(kind)) continue;
        if (kind == 0) wrong = co_await take_some<noise>(&inbox, &expected, 0, many);
        if (kind == 1) wrong = co_await take_some<wanted>(&inbox, &expected, 1, many);
        if (kind == 2) wrong = co_await take_some<text>(&inbox, &expected, 2, many);
        if (kind == 3) {
            decltype(inbox.try_receive()) one;
            if (many == 0) {
                one = inbox.try_receive();
            } else {
                one = co_await inbox.receive();
            }
            const int number = expected.take(-1);
            const int got = one->index() == 0   ? number_of(std::get<0>(*one))
                            : one->index() == 1 ? number_of(std::get<1>(*one))
                                                : number_of(std::get<2>(*one));
            if (got != number) wrong = "of any type, received another than " + std::to_string(number);
        }
    }
    if (wrong.empty() && inbox.try_receive()) wrong = "something is left";
    asked->reply(wrong);
}

task<> as_a_list(int seed) {
    const auto one = co_await troupe::spawn<compare>({.mailbox = 4 << 20});
    numbers dice(static_cast<std::uint64_t>(seed) + 1000);
    std::vector<int> kinds;
    for (int sent = 0; sent < 3000;) {
        const int kind = dice.below(3), row = dice.below(4) == 0 ? 1 + dice.below(200) : 1;
        std::vector<noise> noises;
        std::vector<wanted> wanteds;
        std::vector<text> texts;
        for (int i = 0; i < row; ++i, ++sent) {
            kinds.push_back(kind);
            if (kind == 0) noises.push_back({sent});
            if (kind == 1) wanteds.push_back({sent});
            if (kind == 2) texts.push_back({sent, std::to_string(sent)});
        }
        if (kind == 0) co_await one.send_many(noises);
        if (kind == 1) co_await one.send_many(wanteds);
        if (kind == 2) co_await one.send_many(texts);
    }
    const auto one_answer = co_await one.ask(all_sent{kinds, seed}, 20s);
    CHECK(one_answer == "");
    co_await one.join();
}

// --- several wait

task<> count_one(mailbox<noise, wanted>* inbox, int* received) {
    while (co_await inbox->receive<wanted>()) ++*received;
}

task<int> crowd(mailbox<noise, wanted> inbox, int waiting, int count) {
    int received = 0, noises = 0;
    co_await troupe::task_group::run([&](troupe::task_group& group) -> task<> {
        for (int i = 0; i < waiting; ++i) group.start(count_one(&inbox, &received));
        while (co_await inbox.receive<noise>()) ++noises;
        co_await group.join();
    });
    co_return received == count&& noises == count ? 0 : 1;
}

task<> each_is_served() {
    constexpr int count = 500;
    const auto one = co_await troupe::spawn<crowd>(50, count);
    for (int i = 0; i < count; ++i) {
        co_await one.send(noise{i});
        co_await one.send(wanted{i});
    }
    one.stop();
    const auto one_status = co_await one.join();
    CHECK(one_status.code() == 0);
}

// Of two that wait for one type, the first that is woken cancels the other.
task<int> race(mailbox<noise, wanted> inbox, int count) {
    for (int next = 0; next < count; ++next) {
        const auto won = co_await troupe::when_any(inbox.receive<wanted>(), inbox.receive<wanted>());
        const auto& one = won.index() == 0 ? std::get<0>(won) : std::get<1>(won);
        if (!one || one->number != next) co_return 1;
        if (next % 3 != 0) continue;
        const auto other = co_await inbox.receive<noise>();
        if (!other) co_return 2;
    }
    co_return 0;
}

task<> none_is_lost() {
    constexpr int count = 300;
    const auto one = co_await troupe::spawn<race>(count);
    for (int i = 0; i < count; ++i) {
        co_await one.send(noise{i});
        co_await one.send(wanted{i});  // the last one ends it, so nothing is sent after that
    }
    const auto one_status = co_await one.join();
    CHECK(one_status.code() == 0);
}

// --- what was passed over outlives its reader

struct die {};

task<> fragile(mailbox<noise, wanted, die, measure> inbox) {
    if (troupe::this_actor::incarnation() == 0) {
        for (int i = 0; i < 10; ++i) co_await inbox.receive<wanted>();
        co_await inbox.receive<die>();
        raise(SIGKILL);
    }
    bool in_order = true;
    for (int i = 0; i < 10; ++i) {
        const auto one = co_await inbox.receive<noise>();
        in_order = in_order && one->number == i;
        const auto next = co_await inbox.receive<wanted>();
        in_order = in_order && next->number == i + 10;
    }
    (co_await inbox.receive<measure>())->reply(in_order ? 1 : -1);
}

task<> found_again() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<fragile>({.name = "fragile"});
    for (int i = 0; i < 10; ++i) co_await one.send(noise{i});
    for (int i = 0; i < 20; ++i) co_await one.send(wanted{i});
    co_await one.send(die{});
    const auto one_answer = co_await one.ask(measure{}, 20s);
    CHECK(one_answer == 1);
    co_await crew.stop();
}

// --- a small message gives way to a large one, but not to a reader that sleeps over what it has passed over

struct bulk {
    std::array<char, 3968> bytes = {};
};

task<> wait_for_wanted(mailbox<bulk, wanted> inbox, troupe::queue<int> ask, troupe::queue<int> told) {
    const auto receive = [](mailbox<bulk, wanted>& from) -> task<int> {
        const auto one = co_await from.receive<wanted>();
        co_return one ? one->number : -1;
    };
    // The process is awake meanwhile, and does not look at its mailbox.
    const auto be_busy = [](troupe::queue<int> from, troupe::queue<int> to) -> task<> {
        co_await from.get();
        co_await to.put(0);
        ::usleep(200'000);
    };
    const auto [number, busy] = co_await troupe::when_all(receive(inbox), be_busy(ask, told));
    static_cast<void>(busy);
    co_await told.put(number);
}
task<> send_bulk(troupe::actor<bulk> to) {
    try {
        co_await to.send(bulk{});
    } catch (const troupe::error&) {  // nobody reads it
    }
}

task<> gave_way_to_one_that_sleeps() {
    troupe::queue<int> ask, told;
    const auto one = co_await troupe::spawn<wait_for_wanted>({.mailbox = 64 << 10}, ask, told);
    while (one.try_send(bulk{}) == troupe::send_result::sent) {
    }
    const auto other = co_await troupe::spawn<send_bulk>(troupe::actor<bulk>(one));
    co_await troupe::sleep_for(100ms);  // it waits for room
    co_await ask.put(0);
    co_await told.get();
    co_await one.send(wanted{7});
    const auto number = co_await told.get();
    CHECK(*number == 7);
    co_await one.join();
    co_await other.join();
}

}  // namespace

TEST_CASE("receive<M>: what it passes over is looked at once, however much waits") { watched(examined_once()); }
TEST_CASE("receive<M>: with receive, receive_many and batches it takes what a list would give") {
    watched(as_a_list(GENERATE(range(0, 4))));
}
TEST_CASE("receive<M>: of many that wait for one type each message wakes one, and none waits in vain") {
    watched(each_is_served());
}
TEST_CASE("receive<M>: a message that woke one which was cancelled goes to another") { watched(none_is_lost()); }
TEST_CASE("receive<M>: what was passed over is there for the next incarnation, in its order") {
    watched(found_again());
}
TEST_CASE("receive<M>: a message that gave way to others is sent when its reader sleeps and the head stands still") {
    watched(gave_way_to_one_that_sleeps());
}
