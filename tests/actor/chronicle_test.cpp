// What an actor writes down of what it does: counts, the message in hand, its last events, and when a message was sent.
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/told.hpp"
#include "mail/envelope.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using telling::events_of;
using telling::slot_of;
using telling::until_waits_for;
using telling::waiting_kind;
using troupe::actor;
using troupe::mailbox;
using troupe::spawn;
using troupe::task;
using troupe::shm::event_kind;

struct letter {
    int number = 0;
};
struct question {
    using reply = int;
    int number = 0;
};

task<> serves(mailbox<letter, question> inbox) {
    co_await inbox.serve([](letter) {}, [](question m) { return m.number; });
}
task<> waits_in_its_handler(mailbox<letter> inbox, troupe::queue<int> from) {
    co_await inbox.serve([from](letter) -> task<> { co_await from.get(); });
}
task<> hears_nothing(mailbox<letter, question>) { co_await troupe::sleep_for(24h); }
task<> asks(actor<letter, question> whom) { co_await whom.ask(question{7}); }

std::vector<event_kind> kinds_of(const std::vector<troupe::shm::event>& events) {
    std::vector<event_kind> kinds;
    for (const auto& one : events) {
        if (one.kind != event_kind::slept && one.kind != event_kind::woke) kinds.push_back(one.kind);
    }
    return kinds;
}

task<> end(actor<> who) {
    who.terminate(10s);
    co_await who.join();
}

// The frames that lie in its mailbox.
std::vector<troupe::detail::message_frame> frames_for(troupe::detail::actor_id actor) {
    auto& memory = troupe::channel::participant::here().memory();
    std::vector<troupe::detail::message_frame> frames;
    const auto mailbox = slot_of(actor).who.mailbox.index();
    memory.channels().ring_of(memory.channel(*mailbox)).walk([&](const troupe::shm::record& found) {
        frames.push_back(troupe::mail::envelope(found).frame());
    });
    return frames;
}

}  // namespace

TEST_CASE("chronicle: an actor counts what it has sent, taken and handled, and names the last of each") {
    const auto one = watched(spawn<&serves>());
    for (int i = 0; i < 3; ++i) watched(one.send(letter{i}));
    CHECK(watched(one.ask(question{5})) == 5);
    watched(until_waits_for(waiting_kind::mailbox, one.id()));
    const troupe::shm::activity& doing = slot_of(one.id()).told.doing;
    CHECK(doing.taken.get() == 4);
    CHECK(doing.last_taken.get().type == troupe::detail::type_id<question>());
    CHECK(doing.handled.get() == 4);
    CHECK(doing.sent.get() == 1);  // the reply
    CHECK(doing.handling_at.get() == 0);
    CHECK(doing.turn.get() != 0);
    watched(end(one));
}

TEST_CASE("chronicle: the message in hand is noted with its sender and the turn in which its handler began") {
    const troupe::queue<int> go;
    const auto one = watched(spawn<&waits_in_its_handler>(go));
    watched(one.send(letter{1}));
    const auto seen = watched(until_waits_for(waiting_kind::queue, one.id()));
    const troupe::shm::activity& doing = slot_of(one.id()).told.doing;
    CHECK(doing.handling_of.get() == troupe::channel::participant::here().actor().value);
    CHECK(doing.handling_at.get() != 0);
    CHECK(doing.handling_at.get() <= seen.since);
    CHECK(doing.handled.get() == 0);
    watched(go.put(1));
    watched(until_waits_for(waiting_kind::mailbox, one.id()));
    CHECK(doing.handling_at.get() == 0);
    CHECK(doing.handled.get() == 1);
    watched(end(one));
}

TEST_CASE("chronicle: the last events begin with the process, and say what it took and what it answered") {
    const auto one = watched(spawn<&serves>());
    watched(one.send(letter{1}));
    CHECK(watched(one.ask(question{2})) == 2);
    watched(until_waits_for(waiting_kind::mailbox, one.id()));
    const auto events = events_of(one.id());
    auto kinds = kinds_of(events);
    std::erase(kinds, event_kind::handled);  // noted of a handler that took longer than its turn
    CHECK(kinds == std::vector{event_kind::began, event_kind::handling, event_kind::handling, event_kind::answered});
    for (std::size_t i = 1; i < events.size(); ++i) CHECK(events[i].ms >= events[i - 1].ms);
    CHECK(events.front().position == 0);  // its incarnation
    watched(end(one));
}

TEST_CASE("chronicle: who asks notes whom it has asked, and with which number") {
    const auto deaf = watched(spawn<&hears_nothing>());
    const auto one = watched(spawn<&asks>(deaf));
    const auto seen = watched(until_waits_for(waiting_kind::reply, one.id()));
    std::optional<troupe::shm::event> asked;
    for (const auto& each : events_of(one.id())) {
        if (each.kind == event_kind::asked) asked = each;
    }
    REQUIRE(asked);
    CHECK(asked->peer == deaf.id().slot());
    CHECK(asked->type == troupe::detail::type_id<question>());
    CHECK(asked->position == seen.waits.at(0).number);
    watched(end(one));
    watched(end(deaf));
}

TEST_CASE("chronicle: a request is told apart from a message that says when it was sent") {
    const auto deaf = watched(spawn<&hears_nothing>());
    const auto before = static_cast<std::uint32_t>(troupe::detail::ready.turn());
    watched(deaf.send(letter{1}));
    const auto one = watched(spawn<&asks>(deaf));
    watched(until_waits_for(waiting_kind::reply, one.id()));
    const auto frames = frames_for(deaf.id());
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].is_timed());
    CHECK_FALSE(frames[0].is_request());
    CHECK(frames[0].request - before < 1u << 31);  // not before it, on a count that goes round
    CHECK(frames[1].is_request());
    CHECK_FALSE(frames[1].is_timed());
    watched(end(one));
    watched(end(deaf));
}
