// What this process asks of the keeper about the program's lists: names, topics and groups.
#pragma once

#include <string>
#include <string_view>

#include <troupe/detail/actor_id.hpp>

#include "keeper/keeper_message.hpp"

namespace troupe::actors {

// Waits for the answer, some microseconds. Throws std::system_error if there is no descriptor left to ask with.
keepers::naming_answer ask_for_lists(const keepers::keeper_message& wanted, std::string_view text = {});

// Throws actor_died, for an actor that cannot be listed because it has ended; misuse where the reference names nobody.
[[noreturn]] void throw_ended(detail::actor_id actor);
// How it is shown in a text: in quotes, and cut if it is long.
std::string quoted(std::string_view name);

}  // namespace troupe::actors
