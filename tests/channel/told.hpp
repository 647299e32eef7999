// What an actor tells of itself in shared memory, as somebody who looks in from outside reads it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/time.hpp>

#include "channel/participant.hpp"
#include "shm/chronicle.hpp"
#include "shm/shared_text.hpp"

namespace telling {

using troupe::base::waited_for;
using troupe::base::waiting_kind;

inline troupe::shm::process_slot& slot_of(troupe::detail::actor_id actor) {
    return troupe::channel::participant::here().memory().process(actor.slot());
}

struct sleeper {
    std::vector<waited_for> waits;
    std::string place;
    std::uint64_t since = 0;
};

// Nothing if it is awake, or writes at this moment.
inline std::optional<sleeper> look_at(troupe::detail::actor_id actor) {
    const troupe::shm::chronicle& told = slot_of(actor).told;
    const std::uint32_t before = told.waiting.version();
    const troupe::shm::waiting_list::content list = told.waiting.read();
    sleeper seen{{list.entries.begin(), list.entries.begin() + static_cast<std::ptrdiff_t>(list.count)},
                 troupe::shm::load_text(told.where.text),
                 told.doing.asleep_at.get()};
    troupe::shm::has_read();
    if (before % 2 != 0 || told.waiting.version() != before || seen.since == 0) return std::nullopt;
    return seen;
}

// Waits until it sleeps and waits for such a thing first.
inline troupe::task<sleeper> until_waits_for(waiting_kind kind, troupe::detail::actor_id actor) {
    for (;;) {
        const auto seen = look_at(actor);
        if (seen && !seen->waits.empty() && seen->waits.front().kind == kind) co_return *seen;
        co_await troupe::sleep_for(std::chrono::milliseconds(1));
    }
}

// The last events of its process that now runs, or ran last, oldest first.
inline std::vector<troupe::shm::event> events_of(troupe::detail::actor_id actor) {
    const troupe::shm::recorder& last = slot_of(actor).told.last;
    std::vector<troupe::shm::event> found;
    const std::uint64_t count = last.count();
    for (std::uint64_t i = 0; i < troupe::shm::recorder::capacity && i < count; ++i) {
        found.insert(found.begin(), last.at(count - 1 - i));
        if (found.front().kind == troupe::shm::event_kind::began) break;
    }
    return found;
}

}  // namespace telling
