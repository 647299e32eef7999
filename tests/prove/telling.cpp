// Scenes in which the victim writes down what it does.
//
// Whatever it was doing, its last events can be read when it is dead: each is whole, they are in their order, and none
// is missing in between.
#include <csignal>
#include <string>
#include <vector>

#include "prove/parts.hpp"
#include "prove/scene.hpp"
#include "shm/chronicle.hpp"

namespace proving {
namespace {

using troupe::actor, troupe::mailbox, troupe::task;
using troupe::shm::event, troupe::shm::event_kind;

struct question {
    using reply = int;
    int number = 0;
};

task<> answer(mailbox<question> inbox) {
    co_await inbox.serve([](question m) { return m.number; });
}

task<> ask_and_handle(mailbox<flat> inbox, actor<question> whom) {
    stand_by(own_id());
    proving_begins();
    co_await whom.ask(question{1});
    co_await inbox.serve([](flat) {});
    proving_ends();
}

// Of its process, oldest first; without its beginning if that was not found.
std::vector<event> events_of(troupe::detail::actor_id victim) {
    const troupe::shm::recorder& last = memory().process(victim.slot()).told.last;
    std::vector<event> found;
    const std::uint64_t count = last.count();
    for (std::uint64_t i = 0; i < troupe::shm::recorder::capacity && i < count; ++i) {
        found.insert(found.begin(), last.at(count - 1 - i));
        if (found.front().kind == event_kind::began) break;
    }
    return found;
}

std::string judge_events(const std::vector<event>& events, bool all) {
    if (events.empty() || events.front().kind != event_kind::began) return "its beginning is not among its events;";
    bool asked = false, handled = false;
    for (std::size_t i = 1; i < events.size(); ++i) {
        const event& one = events[i];
        if (one.kind == event_kind::none || one.kind > troupe::shm::last_event_kind) return "an event is of no kind;";
        if (one.ms < events[i - 1].ms && one.kind != event_kind::ended) return "the times of its events descend;";
        if (one.kind == event_kind::asked) asked = true;
        if (one.kind != event_kind::handling) continue;
        if (!asked) return "it handled a message before it asked;";
        if (one.type != troupe::detail::type_id<flat>()) return "an event is not whole;";
        handled = true;
    }
    return all && (!asked || !handled) ? "an event is missing;" : "";
}

task<std::string> victim_tells() {
    const auto other = co_await troupe::spawn<&answer>();
    const auto victim = co_await troupe::spawn<&ask_and_handle>(actor<question>(other));
    try {
        co_await victim.send(flat{1});
    } catch (const troupe::actor_died&) {
    }
    victim.stop();
    const auto end = co_await victim.join();
    std::string wrong = judge_events(events_of(victim.id()), end.success());
    if (end.code() != -SIGKILL && !end.success()) wrong += "the victim " + to_string(end) + ';';
    other.stop();
    co_await other.join();
    co_return wrong;
}

}  // namespace

std::vector<scene> telling_scenes() { return {{"tell what it does", victim::itself, &victim_tells}}; }

}  // namespace proving
