#include "base/pages.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>

#include "base/machine.hpp"

namespace troupe::base {

void map_pages(void* first, std::size_t bytes) noexcept {
#ifdef MADV_POPULATE_WRITE
    const int before = errno;
    madvise(first, bytes, MADV_POPULATE_WRITE);
    errno = before;
#else
    static_cast<void>(first);
    static_cast<void>(bytes);
#endif
}

void map_pages_within(void* first, std::size_t bytes) noexcept {
    const std::size_t page = system_page_bytes();
    const auto address = reinterpret_cast<std::uintptr_t>(first);
    const std::size_t before = (page - address % page) % page;
    if (bytes < before + page) return;
    std::byte* const start = static_cast<std::byte*>(first) + before;
    const std::size_t length = (bytes - before) / page * page;
    madvise(start, length, MADV_HUGEPAGE);
    map_pages(start, length);
}

}  // namespace troupe::base
