// Public names: actors find each other by them, without having been handed references.
//
//     co_await troupe::claim_name("counter", inbox.address());         // in one actor
//     auto counter = co_await troupe::await_name<add>("counter");      // in another one
//
// A name has 1 to 200 bytes of UTF-8, and belongs to one actor at a time. An actor may have several. It keeps them when
// its supervisor starts it again, and they are free when it has ended. A program has 4,096 names at most.
//
// All functions throw misuse outside of `run`, and for a name that is empty or not UTF-8, and too_large for one that is
// too long.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <troupe/actor.hpp>
#include <troupe/detail/name_wait.hpp>
#include <troupe/task.hpp>

namespace troupe {
namespace detail {

template <class... Ms>
std::optional<actor<Ms...>> named_now(const std::string& name) {
    const actor_id found = find_name(name);
    if (!found || !check_takes(found, sorts_of<Ms...>)) return std::nullopt;
    return refer::to<actor<Ms...>>(found);
}

template <class... Ms>
task<std::optional<actor<Ms...>>> named(std::string name) {
    co_return named_now<Ms...>(name);
}

template <class... Ms>
task<actor<Ms...>> named_some_time(std::string name) {
    for (;;) {
        const actor_id found = co_await name_wait(name);
        if (check_takes(found, sorts_of<Ms...>)) co_return refer::to<actor<Ms...>>(found);
    }
}

}  // namespace detail

// Gives the actor this name. Awaiting it returns nothing. Throws name_taken if another actor has the name, actor_died
// if this one has ended, and too_large if the program has no name left. It changes nothing if the actor has the name
// already, as one has that was started again.
[[nodiscard("a claim does nothing until it is awaited")]] task<> claim_name(std::string name,
                                                                            const detail::actor_base& actor);

// Takes the name back, from whichever actor has it. It changes nothing if nobody has it.
[[nodiscard("a release does nothing until it is awaited")]] task<> release_name(std::string name);

// Awaiting it gives the actor that has this name, as one that takes these messages; nullopt if nobody has it. Throws
// misuse if that actor does not take one of them.
template <class... Ms>
task<std::optional<actor<Ms...>>> find_name(std::string name) {
    detail::check_name("a name", name);
    return detail::named<Ms...>(std::move(name));
}

// The same, but waits until an actor has the name.
template <class... Ms>
task<actor<Ms...>> await_name(std::string name) {
    detail::check_name("a name", name);
    return detail::named_some_time<Ms...>(std::move(name));
}

// Returns a reference to the same actor that takes these messages, whatever `to` says that it takes. Throws misuse,
// with a sentence about the first of them that the actor does not take, or if the function of the actor is in a library
// that this process has not loaded, so that nobody here knows; and actor_died if the actor has ended and is forgotten.
template <class... Ms>
actor<Ms...> narrow(const detail::actor_base& to) {
    detail::check_narrows(to.id(), detail::sorts_of<Ms...>);
    return detail::refer::to<actor<Ms...>>(to.id());
}

}  // namespace troupe
