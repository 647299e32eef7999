// How a command begins.
#pragma once

#include <troupe/command.hpp>
#include <troupe/descriptor.hpp>
#include <troupe/task.hpp>

#include "command/begun.hpp"

namespace troupe::commands {

// What it reads where its terms do not say.
enum class standard_input { nothing, pipe };

// This process's ends are non-blocking, and nobody else's.
struct started {
    detail::command_hold command = {};
    descriptor input = {};  // empty unless it is a pipe
    descriptor output = {};
    descriptor error = {};  // empty where it is the output
};

// Throws spawn_failed with the reason.
task<started> start(detail::command_terms terms, standard_input unless_given);

}  // namespace troupe::commands
