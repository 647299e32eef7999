// The compiled core of topics and groups. The keeper makes them and changes who belongs to them; everybody reads them.
#include <troupe/detail/circle.hpp>

#include <string>
#include <utility>

#include <troupe/detail/name_wait.hpp>
#include <troupe/error.hpp>

#include "actor/circle_of.hpp"
#include "actor/lists.hpp"
#include "actor/own_process.hpp"
#include "channel/participant.hpp"

namespace troupe::actors {

const char* noun_of(detail::circle_sort sort) noexcept {
    return sort == detail::circle_sort::topic ? "topic" : "group";
}

namespace {

[[noreturn]] void throw_no_circle(const detail::circle& one) {
    const std::string noun = noun_of(one.sort);
    if (one.number == 0) throw misuse("this " + noun + " was default-constructed: give it a name");
    throw misuse("this " + noun + " is none of the program's: it comes from elsewhere, or its bytes are damaged");
}

}  // namespace

shm::circle_record& circle_of(const detail::circle& one) {
    const shm::circle_table& circles = channel::participant::here().memory().circles();
    if (one.number == 0 || one.number > circles.reached()) throw_no_circle(one);
    shm::circle_record& record = circles.at(one.number - 1);
    const auto kind = static_cast<shm::circle_kind>(one.sort);
    if (record.kind.get() != kind || record.type.get() != one.type) throw_no_circle(one);
    return record;
}

}  // namespace troupe::actors

namespace troupe::detail {
namespace {

const shm::program_memory& memory_here() { return actors::own_process::here().memory(); }

// Calls `visit(actor)` for each.
template <class Visit>
void for_each_member(const circle& one, Visit visit) {
    const shm::circle_record& record = actors::circle_of(one);
    const shm::process_table& processes = memory_here().processes();
    record.for_each_below(processes.reached(), [&](std::uint32_t slot) {
        const actor_id who = actors::listed_at(record, processes, slot);
        if (who && processes.is_alive(who)) visit(who);
    });
}

// A coroutine, so that it does nothing until it is awaited.
task<> change(circle one, actor_id who, keepers::membership wanted) {
    actors::circle_of(one);
    const auto said = actors::ask_for_lists({.word = keepers::keeper_word::membership,
                                             .slot = one.number - 1,
                                             .subject = who.value,
                                             .value = static_cast<std::int32_t>(wanted)});
    if (said.result == keepers::naming_result::actor_ended) actors::throw_ended(who);
    co_return;
}

void check_member(actor_id who) {
    if (!who) throw misuse("this reference names no actor: it was default-constructed");
}

}  // namespace

std::uint32_t find_circle(const circle& wanted, const std::string& name) {
    const std::string noun = actors::noun_of(wanted.sort);
    check_name(("the name of a " + noun).c_str(), name);
    const shm::circle_table& circles = memory_here().circles();
    const auto kind = static_cast<shm::circle_kind>(wanted.sort);
    auto index = circles.find(kind, name);
    if (!index) {
        const std::string text = name + '\0' + std::string(wanted.type_name.substr(0, shm::longest_type_name));
        const auto said = actors::ask_for_lists({.word = keepers::keeper_word::circle_wanted,
                                                 .slot = wanted.type,
                                                 .value = static_cast<std::int32_t>(wanted.sort)},
                                                text);
        if (said.result == keepers::naming_result::all_taken) {
            throw too_large("the program has " + std::to_string(shm::most_circles) +
                            " topics and groups, and that is the most there can be");
        }
        if (said.result != keepers::naming_result::done) throw out_of_memory("no memory for another " + noun);
        index = said.circle;
    }
    const shm::circle_record& found = circles.at(*index);
    if (found.type.get() != wanted.type) {
        throw misuse("the " + noun + ' ' + actors::quoted(name) + " is of " + shm::load_text(found.type_name) +
                     ", and not of " + std::string(wanted.type_name) + ": give this one another name");
    }
    return *index + 1;
}

std::string name_of(const circle& one) { return shm::load_text(actors::circle_of(one).name); }

task<> enter(circle one, actor_id who, overflow when_full) {
    actors::circle_of(one);
    check_member(who);
    return change(
        one, who,
        when_full == overflow::wait ? keepers::membership::waited_for : keepers::membership::skipped_when_full);
}

task<> leave(circle one, actor_id who) {
    actors::circle_of(one);
    check_member(who);
    return change(one, who, keepers::membership::none);
}

std::size_t count_members(const circle& one) {
    std::size_t count = 0;
    for_each_member(one, [&](actor_id) { ++count; });
    return count;
}

std::vector<actor_id> members_of(const circle& one) {
    std::vector<actor_id> all;
    for_each_member(one, [&](actor_id who) { all.push_back(who); });
    return all;
}

// Each process begins behind its own slot, so that many do not all begin with the same member.
actor_id next_member(const circle& one) {
    const std::uint32_t last = actors::own_process::here().bulletin().turn_of(one.number);
    actor_id first, next;
    for_each_member(one, [&](actor_id who) {
        if (!first) first = who;
        if (!next && who.slot() > last) next = who;
    });
    if (!next) next = first;
    if (next) actors::own_process::here().bulletin().set_turn(one.number, next.slot());
    return next;
}

members_wait::members_wait(const circle& one, std::size_t wanted) : circle_(one), wanted_(wanted), reader_(*this) {
    actors::circle_of(one);
}

}  // namespace troupe::detail
