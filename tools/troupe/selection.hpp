// Which actor is meant by what was written on the command line, and what actors are called in what is printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inspect/snapshot.hpp"

namespace troupe::tool {

// `text` is a name, a pid, or slot:7. Throws inspect::failure where none or several fit; `did you mean` where one is
// called almost so.
const inspect::actor_row& find_actor(const inspect::snapshot& in, const std::string& text);

// Null where there is none.
const inspect::actor_row* find_actor(const inspect::snapshot& in, std::uint64_t id);

// "backlog"; "slot 7" of one that has no name; "an actor that has ended" of one that is not there any more; "nobody" of
// 0. Without control characters.
std::string name_of(const inspect::snapshot& in, std::uint64_t id);
std::string name_of(const inspect::actor_row& actor);
std::vector<std::string> names_of(const inspect::snapshot& in, const std::vector<std::uint64_t>& ids);

// "backlog (pid 4721)"
std::string title_of(const inspect::actor_row& actor);
// The pid by which this process can name it.
std::int32_t pid_of(const inspect::actor_row& actor);
std::int32_t pid_of(const inspect::program_row& program);

// On stderr, what was left out because it is damaged.
void tell_damaged(const inspect::snapshot& in);

// Which of the words is written most like the text; empty where none is near.
std::string nearest(const std::string& text, const std::vector<std::string>& words);

}  // namespace troupe::tool
