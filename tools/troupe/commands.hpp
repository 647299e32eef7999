// The commands, a file each. An `add` makes its subcommand in the tree of CLI11, with a callback that does the work;
// the options that every command has are added by main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "troupe/invocation.hpp"

namespace troupe::tool {

void add_ps(CLI::App& app, invocation& with);
void add_top(CLI::App& app, invocation& with);
void add_mailbox(CLI::App& app, invocation& with);
void add_queues(CLI::App& app, invocation& with);
void add_pipes(CLI::App& app, invocation& with);
void add_locks(CLI::App& app, invocation& with);
void add_names(CLI::App& app, invocation& with);
void add_pools(CLI::App& app, invocation& with);
void add_wait_graph(CLI::App& app, invocation& with);
void add_explain(CLI::App& app, invocation& with);
void add_stack(CLI::App& app, invocation& with);
void add_trace(CLI::App& app, invocation& with);
void add_metrics(CLI::App& app, invocation& with);
void add_doctor(CLI::App& app, invocation& with);
void add_dash(CLI::App& app, invocation& with);
void add_kill(CLI::App& app, invocation& with);
void add_stop(CLI::App& app, invocation& with);
void add_restart(CLI::App& app, invocation& with);
void add_completion(CLI::App& app, invocation& with);
void add_man(CLI::App& app, invocation& with);

// A command that this build is without, because a library was not found: it says which, and how to have it.
void add_left_out(CLI::App& app, const std::string& name, const std::string& summary, const std::string& library,
                  const std::string& package);

}  // namespace troupe::tool
