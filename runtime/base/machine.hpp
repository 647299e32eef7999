// What is assumed of the machine, each assumption once. Of the registers, process/registers.hpp.
#pragma once

#include <cstddef>

namespace troupe::base {

// What two processors write to must stand so far apart. Twice the line of x86-64, which fetches lines in pairs; the
// line of some arm64.
inline constexpr std::size_t line_bytes = 128;

// Shared memory is laid out and backed in pages of this size: the smallest there is. The system's may be larger.
inline constexpr std::size_t page_bytes = 4096;
std::size_t system_page_bytes() noexcept;

// Tells the processor that this thread only waits.
inline void pause_cpu() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// The builtin says `for reading` on every x86-64 it is not told more of, and the line stays the reader's. Where there
// is no such instruction it is a prefetch hint, or nothing.
inline void prefetch_to_write(const std::byte* line) noexcept {
#ifdef __x86_64__
    asm volatile("prefetchw %0" : : "m"(*line));
#else
    __builtin_prefetch(line, 1);
#endif
}

}  // namespace troupe::base
