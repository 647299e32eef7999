// What the log of a test program has written so far: its lines, without what stands before their text. They go to
// memory that the logger finds by its environment; without it, to nowhere.
#pragma once

#include <string>

#include <troupe/log.hpp>

namespace testing {

// Before `run`: the lines of this program are kept.
void keep_log();
// run_options::log of a test program.
void write_to_log(const troupe::log_line& line);
std::string logged_lines();

}  // namespace testing
