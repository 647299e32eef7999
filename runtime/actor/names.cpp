// The compiled core of public names. The keeper gives them; whoever looks one up reads the table of names.
#include <troupe/names.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <troupe/detail/birth.hpp>
#include <troupe/error.hpp>

#include "actor/lists.hpp"
#include "actor/own_process.hpp"
#include "base/step.hpp"

namespace troupe {
namespace detail {
namespace {

[[noreturn]] void throw_taken(const std::string& name) {
    const auto& memory = actors::own_process::here().memory();
    const actor_id holder = memory.names().find(name);
    throw name_taken("the name " + actors::quoted(name) + " is taken by " +
                     (holder ? memory.processes().described(holder) : std::string("another actor")) +
                     ": choose another one, or wait until that actor has ended or the name is released");
}

task<> claim(std::string name, actor_id actor) {
    const keepers::keeper_message wanted{.word = keepers::keeper_word::claim_name, .subject = actor.value};
    switch (actors::ask_for_lists(wanted, name).result) {
    case keepers::naming_result::taken: throw_taken(name);
    case keepers::naming_result::actor_ended: actors::throw_ended(actor);
    case keepers::naming_result::all_taken:
        throw too_large("the program has " + std::to_string(shm::most_names) +
                        " names, and that is the most there can be; release some");
    case keepers::naming_result::no_memory: throw out_of_memory("no memory for another name");
    default: co_return;
    }
}

task<> release(std::string name) {
    actors::ask_for_lists({.word = keepers::keeper_word::release_name}, name);
    co_return;
}

// Of an actor that still has its slot.
std::string message_names_missing(actor_id actor, std::span<const message_sort> messages, std::uint64_t entry) {
    const auto& processes = actors::own_process::here().memory().processes();
    const bool is_program = actor.slot() == 0;
    const registration* const function = is_program ? nullptr : registration::find(entry);
    if (function == nullptr && !is_program && !messages.empty()) {
        return "the function of " + processes.described(actor) +
               " stands in a library that this process has not loaded, so that it cannot be checked what the actor "
               "takes: load the library before";
    }
    for (const message_sort& one : messages) {
        if (function != nullptr && !function->message_name(one.type).empty()) continue;
        return processes.described(actor) + " does not take " + std::string(one.name) +
               ": name only messages that its mailbox takes";
    }
    return {};
}

}  // namespace

actor_id find_name(std::string_view name) {
    const auto& memory = actors::own_process::here().memory();
    const actor_id found = memory.names().find(name);
    TROUPE_STEP("name: looked up");
    return found && memory.processes().is_alive(found) ? found : actor_id{};
}

bool name_wait::try_finish() {
    found_ = find_name(name_);
    return static_cast<bool>(found_);
}

bool check_takes(actor_id actor, std::span<const message_sort> messages) {
    const shm::process_slot& slot = actors::own_process::here().memory().process(actor.slot());
    const std::uint64_t entry = slot.who.entry.get();
    if (!slot.state_of(actor)) return false;
    const std::string wrong = message_names_missing(actor, messages, entry);
    // The entry may be that of the slot's next actor, unless this one still has the slot.
    if (!slot.state_of(actor)) return false;
    if (!wrong.empty()) throw misuse(wrong);
    return true;
}

void check_narrows(actor_id actor, std::span<const message_sort> messages) {
    actors::own_process::here();
    if (!actor || !check_takes(actor, messages)) actors::throw_ended(actor);
}

}  // namespace detail

task<> claim_name(std::string name, const detail::actor_base& actor) {
    detail::check_name("a name", name);
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    return detail::claim(std::move(name), actor.id());
}

task<> release_name(std::string name) {
    detail::check_name("a name", name);
    return detail::release(std::move(name));
}

}  // namespace troupe
