// How the processes of a program ended, as its keeper has written it down: the last 512 ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inspect/snapshot.hpp"
#include "inspect/type_names.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

// The newest first. What the keeper overwrites meanwhile is left out. Frames are modules and offsets: the names are in
// the files of the program, and `text` does without them.
std::vector<end_row> read_ends(const shm::program_view& program, const type_names& types);

// How that actor ended last; empty if it is not in the log, or not any more.
std::string how_ended(const shm::program_view& program, const type_names& types, std::uint64_t actor);

// The name of a kind of event, as in shm::event_kind; "unknown" for what is none.
const char* to_string(shm::event_kind kind) noexcept;

}  // namespace troupe::inspect
