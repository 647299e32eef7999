// The actors of a program as a table: what `ps` prints, and `top` each second.
#pragma once

#include <string>

#include "inspect/snapshot.hpp"
#include "troupe/table.hpp"

namespace troupe::tool {

// "inspected (pid 4711)  up 2:14  6 actors  3 restarts  shared memory 3.4 of 3,942 MiB"
std::string headline(const inspect::snapshot& in);
table table_of_actors(const inspect::snapshot& in, const terminal& shown_on);

// "asleep", "in poke", "asleep, stop requested"
std::string state_text(const inspect::actor_row& actor);
color color_of(const inspect::actor_row& actor);
// "reply of right to poke", "time, 23:57:46"
std::string waiting_text(const inspect::waiting_row& one, double now);
// All that it waits for, and where; what it does instead where it does not wait.
std::string waiting_text(const inspect::actor_row& actor);

}  // namespace troupe::tool
