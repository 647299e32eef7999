// Pages of memory that this process is about to write to. To have them mapped in one call costs a tenth of having each
// mapped as it is first touched. Changes nothing else; a kernel that cannot do it (before 5.14) leaves it.
#pragma once

#include <cstddef>

namespace troupe::base {

// `first` is the start of a page.
void map_pages(void* first, std::size_t bytes) noexcept;
// Of memory that begins and ends anywhere, the whole pages in between; in large pages where there are such.
void map_pages_within(void* first, std::size_t bytes) noexcept;

}  // namespace troupe::base
