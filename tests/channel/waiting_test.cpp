// What a process that sleeps says it waits for, and where: each kind of wait, one for each actor.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/told.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using telling::sleeper;
using telling::until_waits_for;
using telling::waiting_kind;
using troupe::actor;
using troupe::mailbox;
using troupe::spawn;
using troupe::task;

struct letter {
    int number = 0;
};
struct question {
    using reply = int;
    int number = 0;
};

// Ends the actor, whatever it waits for.
template <class... Ms>
task<> end(actor<Ms...> who) {
    who.terminate(10s);
    co_await who.join();
}

// Looks at an actor that waits, and ends it.
template <class... Ms>
task<sleeper> seen_waiting(waiting_kind kind, actor<Ms...> who) {
    const sleeper seen = co_await until_waits_for(kind, who.id());
    co_await end(who);
    co_return seen;
}

std::string line_here(unsigned line) { return "waiting_test.cpp:" + std::to_string(line); }

// --- the actors

constexpr unsigned line_of_serve = __LINE__ + 2;
task<> serves(mailbox<letter> inbox) {
    co_await inbox.serve([](letter) {});
}
task<> receives_one_kind(mailbox<letter, question> inbox) { co_await inbox.receive<question>(); }
constexpr unsigned line_of_ask = __LINE__ + 1;
task<> asks(actor<question> whom) { co_await whom.ask(question{1}); }
constexpr unsigned line_of_ask_in_time = __LINE__ + 1;
task<> asks_in_time(actor<question> whom) { co_await whom.ask(question{1}, 24h); }
task<> hears_nothing(mailbox<question>) { co_await troupe::sleep_for(24h); }
task<> gets(troupe::queue<int> from) { co_await from.get(); }
task<> puts_items(troupe::queue<int> to) {
    for (;;) co_await to.put(1);
}
task<> reads_pipe(troupe::connection<int, int> from) { co_await from.receive(); }
task<> locks(troupe::mutex one) { co_await one.lock(); }
task<> acquires(troupe::semaphore one) { co_await one.acquire(); }
task<> waits_for_event(troupe::event one) { co_await one.wait(); }
task<> sees_end(actor<question> whom) { co_await whom.join(); }
task<> watches(mailbox<letter, troupe::down> inbox, actor<question> whom) {
    inbox.monitor(whom);
    co_await inbox.receive();
}
task<> waits_for_name() { co_await troupe::await_name<letter>("nobody has this name"); }
task<> waits_for_signal() {
    troupe::signals wanted({SIGUSR1});
    co_await wanted.next();
}
task<> waits_for_descriptor() {
    int ends[2];
    if (::pipe(ends) != 0) co_return;
    co_await troupe::readable(ends[0]);
}
task<> waits_for_two(mailbox<letter> inbox, troupe::queue<int> from) {
    co_await troupe::when_any(inbox.receive(), from.get());
}
task<> first_one_then_the_other(mailbox<letter> inbox, troupe::queue<int> from) {
    co_await from.get();
    co_await inbox.receive();
}

}  // namespace

TEST_CASE("waiting list: an actor that serves its mailbox waits for that, at its own line and not at one of troupe's") {
    const auto one = watched(spawn<&serves>());
    const sleeper seen = watched(seen_waiting(waiting_kind::mailbox, one));
    REQUIRE(seen.waits.size() == 1);
    CHECK(seen.waits[0].type == 0);
    CHECK((seen.waits[0].of & 0xffff) == telling::slot_of(one.id()).who.mailbox.index().value_or(0));
    CHECK(seen.waits[0].waiter != 0);
    CHECK_THAT(seen.place, Catch::Matchers::EndsWith(line_here(line_of_serve)));
}

TEST_CASE("waiting list: a receive of one type of message names it") {
    const sleeper seen = watched(seen_waiting(waiting_kind::mailbox, watched(spawn<&receives_one_kind>())));
    CHECK(seen.waits.at(0).type == troupe::detail::type_id<question>());
}

TEST_CASE("waiting list: who asks waits for the reply, and says whom it asked, what, and since when") {
    const auto deaf = watched(spawn<&hears_nothing>());
    const sleeper seen = watched(seen_waiting(waiting_kind::reply, watched(spawn<&asks>(actor<question>(deaf)))));
    REQUIRE(seen.waits.size() == 1);
    CHECK(seen.waits[0].of == deaf.id().value);
    CHECK(seen.waits[0].type == troupe::detail::type_id<question>());
    CHECK(seen.waits[0].number != 0);
    CHECK(seen.waits[0].since != 0);
    CHECK(seen.waits[0].since <= seen.since);
    CHECK_THAT(seen.place, Catch::Matchers::EndsWith(line_here(line_of_ask)));
    watched(end(deaf));
}

TEST_CASE("waiting list: a request with a deadline waits for its reply and for that time") {
    const auto deaf = watched(spawn<&hears_nothing>());
    const sleeper seen =
        watched(seen_waiting(waiting_kind::reply, watched(spawn<&asks_in_time>(actor<question>(deaf)))));
    REQUIRE(seen.waits.size() == 2);
    CHECK(seen.waits[1].kind == waiting_kind::time);
    CHECK(seen.waits[1].of > seen.waits[1].since);
    CHECK_THAT(seen.place, Catch::Matchers::EndsWith(line_here(line_of_ask_in_time)));
    watched(end(deaf));
}

TEST_CASE("waiting list: an actor that sleeps waits for the time when it goes on, and for nothing else") {
    const sleeper seen = watched(seen_waiting(waiting_kind::time, watched(spawn<&hears_nothing>())));
    REQUIRE(seen.waits.size() == 1);
    const std::uint64_t day = 24ull * 60 * 60 * 1000;
    CHECK(seen.waits[0].of >= seen.waits[0].since + day);
}

TEST_CASE("waiting list: channels are named: an item of a queue, room in it, a message of a pipe") {
    const troupe::queue<int> items({.capacity = 1});
    const sleeper getter = watched(seen_waiting(waiting_kind::queue, watched(spawn<&gets>(items))));
    CHECK(getter.waits.at(0).of != 0);
    const sleeper putter = watched(seen_waiting(waiting_kind::room, watched(spawn<&puts_items>(items))));
    CHECK(putter.waits.at(0).of == getter.waits.at(0).of);
    auto [near, far] = troupe::pipe<int, int>();
    const sleeper reader = watched(seen_waiting(waiting_kind::pipe, watched(spawn<&reads_pipe>(std::move(far)))));
    CHECK(reader.waits.at(0).of != putter.waits.at(0).of);
}

TEST_CASE("waiting list: cells are named: a lock, the permits of a semaphore, an event") {
    const troupe::mutex one;
    auto held = watched(one.lock());
    CHECK(watched(seen_waiting(waiting_kind::lock, watched(spawn<&locks>(one)))).waits.at(0).of >> 63 == 1);
    const troupe::semaphore none(0);
    CHECK(watched(seen_waiting(waiting_kind::permit, watched(spawn<&acquires>(none)))).waits.at(0).of >> 63 == 1);
    const troupe::event never;
    CHECK(watched(seen_waiting(waiting_kind::event, watched(spawn<&waits_for_event>(never)))).waits.at(0).of >> 63 ==
          1);
}

TEST_CASE("waiting list: the end of an actor, and one that is monitored, which stands behind the mailbox") {
    const auto deaf = watched(spawn<&hears_nothing>());
    const actor<question> whom(deaf);
    CHECK(watched(seen_waiting(waiting_kind::end, watched(spawn<&sees_end>(whom)))).waits.at(0).of == deaf.id().value);
    const sleeper watcher = watched(seen_waiting(waiting_kind::mailbox, watched(spawn<&watches>(whom))));
    REQUIRE(watcher.waits.size() == 2);
    CHECK(watcher.waits[1].kind == waiting_kind::end);
    CHECK(watcher.waits[1].of == deaf.id().value);
    CHECK(watcher.waits[1].waiter == 0);
    watched(end(deaf));
}

TEST_CASE("waiting list: names, signals and descriptors") {
    watched(seen_waiting(waiting_kind::change, watched(spawn<&waits_for_name>())));
    CHECK(watched(seen_waiting(waiting_kind::signal, watched(spawn<&waits_for_signal>()))).waits.at(0).of == SIGUSR1);
    CHECK(watched(seen_waiting(waiting_kind::descriptor, watched(spawn<&waits_for_descriptor>()))).waits.at(0).of > 2);
}

TEST_CASE("waiting list: an actor that waits for one of two things names both") {
    const troupe::queue<int> items;
    const sleeper seen = watched(seen_waiting(waiting_kind::mailbox, watched(spawn<&waits_for_two>(items))));
    REQUIRE(seen.waits.size() == 2);
    CHECK(seen.waits[1].kind == waiting_kind::queue);
}

TEST_CASE("waiting list: what has come is not waited for any more") {
    const troupe::queue<int> items;
    const auto one = watched(spawn<&first_one_then_the_other>(items));
    watched(until_waits_for(waiting_kind::queue, one.id()));
    watched(items.put(1));
    CHECK(watched(seen_waiting(waiting_kind::mailbox, one)).waits.size() == 1);
}
