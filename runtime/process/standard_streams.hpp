// Standard input, output and error of the program and its actors.
#pragma once

namespace troupe::process {

// Descriptors 0, 1 and 2 exist afterwards: one that was closed becomes /dev/null. Otherwise the next descriptor that is
// opened would be taken for stdout.
void keep_standard_descriptors_open() noexcept;

// What is buffered would be printed by both processes after a fork.
void flush_standard_streams() noexcept;

}  // namespace troupe::process
