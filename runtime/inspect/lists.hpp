// The public names of a program, its topics and its groups.
#pragma once

#include <vector>

#include "inspect/actors.hpp"
#include "inspect/snapshot.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

std::vector<name_row> read_names(const shm::program_view& view);
std::vector<circle_row> read_circles(const shm::program_view& view, const actor_index& actors);

}  // namespace troupe::inspect
