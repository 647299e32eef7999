// A command from its start to its end.
#pragma once

#include <chrono>

#include <troupe/command.hpp>
#include <troupe/task.hpp>

namespace troupe::commands {

task<command_result> run(detail::command_terms terms, std::chrono::nanoseconds timeout);

}  // namespace troupe::commands
