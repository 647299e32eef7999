// troupe kill, stop and restart: what the keeper of the program is asked to do with one of its actors.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <thread>

#include "inspect/ends.hpp"
#include "inspect/failure.hpp"
#include "inspect/observer.hpp"
#include "inspect/orders.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/seconds_between.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using inspect::actor_row;
using inspect::order_kind;
using clock = std::chrono::steady_clock;

struct wishes {
    std::string actor;
    double budget = 2;
};

std::chrono::milliseconds budget_of(const wishes& wished) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(wished.budget * 1000));
}

const char* command_of(order_kind kind) {
    return kind == order_kind::kill ? "kill" : kind == order_kind::stop ? "stop" : "restart";
}

// The keeper is a thread of the program itself, and would not outlive it.
void refuse_program(const actor_row& actor, const inspect::snapshot& in, order_kind kind) {
    if (in.actors.empty() || actor.id != in.actors.front().id) return;
    const std::string pid = std::to_string(pid_of(in.program));
    throw inspect::failure(name_of(actor) + " is the program itself, which troupe cannot " + command_of(kind) +
                           ": kill " + pid + " asks it to end, and kill -9 " + pid + " ends it with all of its actors");
}

void check(const inspect::order_reply& reply, const actor_row& actor, order_kind kind) {
    const std::string name = name_of(actor);
    switch (reply.result) {
    case inspect::order_result::done: return;
    case inspect::order_result::no_such_actor:
        throw inspect::failure(title_of(actor) + " ended before it could be asked; troupe explain " + name +
                               " says how");
    case inspect::order_result::no_supervisor:
        throw inspect::failure(name + " has no supervisor: nobody would start it again; troupe kill " + name +
                               " ends it");
    case inspect::order_result::no_process:
        throw inspect::failure(name +
                               " has no process at this moment: its supervisor starts it again; ask once more when "
                               "troupe ps shows it");
    case inspect::order_result::not_possible:
        throw inspect::failure("the program cannot " + std::string(command_of(kind)) + ' ' + title_of(actor));
    case inspect::order_result::refused:
        throw inspect::failure("the keeper could not " + std::string(command_of(kind)) + ' ' + title_of(actor) +
                               (reply.error != 0 ? std::string(": ") + std::strerror(reply.error) : std::string()));
    }
    throw inspect::failure("the keeper answered " + std::to_string(static_cast<std::uint32_t>(reply.result)) +
                           " to the order to " + command_of(kind) + ' ' + title_of(actor) +
                           ", which this troupe does not know");
}

// Whether the process is there that the order was about.
bool is_there(const inspect::snapshot& in, const actor_row& before) {
    const actor_row* now = find_actor(in, before.id);
    return now != nullptr && now->incarnation == before.incarnation && now->state != inspect::actor_state::dead &&
           now->state != inspect::actor_state::down;
}

// Its next process; null while there is none.
const actor_row* successor(const inspect::snapshot& in, const actor_row& before) {
    const actor_row* now = find_actor(in, before.id);
    const bool lives = now != nullptr && now->incarnation != before.incarnation && now->pid > 0 &&
                       now->state != inspect::actor_state::dead && now->state != inspect::actor_state::down;
    return lives ? now : nullptr;
}

// Looks until it holds; false when the time is over. Throws failure when the program has ended.
template <class Holds>
bool comes_about(inspect::observer& observer, std::chrono::milliseconds within, Holds holds) {
    for (const auto end = clock::now() + within;; std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
        if (holds(observer.look({.graph = false}))) return true;
        if (clock::now() >= end) return false;
    }
}

struct result {
    std::string sentence;
    std::int32_t new_pid = 0;
};

// The program may end with its actor.
bool is_gone(inspect::observer& observer, const actor_row& actor, const wishes& wished) {
    try {
        return comes_about(observer, budget_of(wished), [&](const auto& in) { return !is_there(in, actor); });
    } catch (const inspect::failure&) {
        if (!observer.ended()) throw;
        return true;
    }
}

result after_kill(inspect::observer& observer, const actor_row& actor, const wishes& wished, clock::time_point began) {
    if (!is_gone(observer, actor, wished)) {
        throw inspect::failure(title_of(actor) + " was killed, but is not gone after " + duration(wished.budget) +
                               ": the system has not let go of it yet; troupe ps shows when it has");
    }
    const std::chrono::duration<double> took = clock::now() - began;
    if (observer.ended()) return {title_of(actor) + " was killed, and the program has ended since."};
    return {title_of(actor) + " was killed, and is gone after " + duration(took.count()) +
            (actor.supervised ? "; its supervisor starts it again." : ".")};
}

result after_stop(const actor_row& actor) {
    return {title_of(actor) + " was asked to stop. It ends when its function sees that; troupe kill " + name_of(actor) +
            " does not wait for that."};
}

// "was ended by signal 15 (SIGTERM)"
std::string end_of(inspect::observer& observer, const actor_row& actor) {
    for (const inspect::end_row& end : inspect::read_ends(observer.view(), observer.types())) {
        if (end.actor == actor.id && end.incarnation == actor.incarnation) return printable(end.text);
    }
    return "was ended";
}

result after_restart(inspect::observer& observer, const actor_row& actor, const wishes& wished,
                     clock::time_point began) {
    std::int32_t pid = 0;
    // Once for the end of the old process, and once for the birth of the new one.
    const bool again = comes_about(observer, 2 * budget_of(wished) + std::chrono::seconds(1), [&](const auto& in) {
        const actor_row* now = successor(in, actor);
        pid = now != nullptr ? pid_of(*now) : 0;
        return now != nullptr;
    });
    if (!again) {
        throw inspect::failure(title_of(actor) +
                               " was asked to end, but does not run again yet: its supervisor may "
                               "still wait, or have given it up; troupe explain " +
                               name_of(actor) + " says more");
    }
    const std::chrono::duration<double> took = clock::now() - began;
    return {title_of(actor) + ' ' + end_of(observer, actor) + " and runs again as pid " + std::to_string(pid) +
                ", after " + duration(took.count()) + '.',
            pid};
}

void run(order_kind kind, const wishes& wished, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot in = observer.look({.graph = false});
    const actor_row actor = find_actor(in, wished.actor);
    refuse_program(actor, in, kind);
    if (actor.state == inspect::actor_state::dead) {
        throw inspect::failure(name_of(actor) + " has ended already; troupe explain " + name_of(actor) + " says how");
    }
    const auto began = clock::now();
    const std::chrono::milliseconds budget = budget_of(wished);
    check(inspect::send_order(observer, {kind, actor.id, static_cast<std::uint32_t>(budget.count()), 0}, budget), actor,
          kind);
    const result found = kind == order_kind::kill   ? after_kill(observer, actor, wished, began)
                         : kind == order_kind::stop ? after_stop(actor)
                                                    : after_restart(observer, actor, wished, began);
    if (!with.json) {
        std::puts(found.sentence.c_str());
        return;
    }
    json it = json_object(in);
    it["order"] = command_of(kind);
    it["actor"] = actor.id;
    it["name"] = actor.name;
    it["pid"] = pid_of(actor);
    it["new_pid"] = found.new_pid > 0 ? json(found.new_pid) : json(nullptr);
    it["seconds"] = std::chrono::duration<double>(clock::now() - began).count();
    print(it);
}

void add(CLI::App& app, invocation& with, order_kind kind, const char* summary, const char* more) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand(command_of(kind), summary);
    command->add_option("actor", wished->actor, "The actor: its name, its pid, or slot:7")
        ->required()
        ->type_name("ACTOR");
    command->add_option("--budget", wished->budget, "How long to wait: 2s, 500ms, 1min")
        ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"ms", 1e-3}, {"s", 1}, {"min", 60}},
                                          CLI::AsNumberWithUnit::CASE_SENSITIVE)
                        .description(""))
        ->check(seconds_between(0.001, 86400))
        ->type_name("TIME")
        ->default_str("2s");
    command->footer(more);
    command->callback([kind, wished, &with] { run(kind, *wished, with); });
}

}  // namespace

void add_kill(CLI::App& app, invocation& with) {
    add(app, with, order_kind::kill, "End an actor at once, by SIGKILL",
        "It waits until the actor is gone, at most for the budget. A supervisor starts the actor again, as after any "
        "other end.");
}

void add_stop(CLI::App& app, invocation& with) {
    add(app, with, order_kind::stop, "Ask an actor to stop, as the library's own call does",
        "It waits until the program has taken the order, and not until the actor has ended: that is up to its "
        "function.");
}

void add_restart(CLI::App& app, invocation& with) {
    add(app, with, order_kind::restart, "End an actor, so that its supervisor starts it again",
        "The actor gets SIGTERM, and SIGKILL when the budget is over. Its mailbox and all references to it stay good.");
}

}  // namespace troupe::tool
