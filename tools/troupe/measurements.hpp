// What a look at a program comes to in numbers, for Prometheus.
#pragma once

#include <vector>

#include "inspect/observation.hpp"
#include "inspect/snapshot.hpp"
#include "troupe/exposition.hpp"

namespace troupe::tool {

void measure_program(const inspect::snapshot& in, exposition& into);
// `ends`: those that are remembered.
void measure_ends(const inspect::snapshot& in, const std::vector<inspect::end_row>& ends, exposition& into);
void measure_actors(const inspect::snapshot& in, exposition& into);
void measure_mailboxes(const inspect::snapshot& in, exposition& into);
void measure_channels(const inspect::snapshot& in, exposition& into);
void measure_cells(const inspect::snapshot& in, exposition& into);
void measure_pools(const inspect::snapshot& in, exposition& into);
void measure_latency(const inspect::snapshot& in, const std::vector<inspect::latency_row>& measured, exposition& into);

}  // namespace troupe::tool
