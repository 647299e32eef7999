// Who waits for whom, and which of them wait for each other in a circle.
//
// An edge is a wait that another actor can end: for a reply, for the end of an actor, for a lock that it has, for room
// in its mailbox, for its coming to a barrier, for its permits of a semaphore. Of the last two there may be several
// that can do it: such an edge is part of a cycle only where too few of these can do anything. Whoever is awake waits
// for nothing, and is in no cycle.
//
// A cycle is named after a second look: its actors still sleep, and no list of what they wait for has changed since it
// was read. So all of its edges stood at one moment, between the two looks.
#pragma once

#include <vector>

#include "inspect/actors.hpp"
#include "inspect/cells.hpp"
#include "inspect/channels.hpp"
#include "inspect/snapshot.hpp"

namespace troupe::inspect {

std::vector<wait_edge> find_edges(const std::vector<actor_seen>& actors, const cell_reader& cells,
                                  const channel_reader& channels);

// Notes in the rows of the actors which cycle they are in, from 1 on.
std::vector<wait_cycle> find_cycles(std::vector<actor_seen>& actors, const std::vector<wait_edge>& edges,
                                    const actor_reader& again, const channel_reader& channels);

}  // namespace troupe::inspect
