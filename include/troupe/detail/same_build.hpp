// What a program and the library must have been compiled with alike, because containers of the standard library go from
// one to the other by value. Where they differ the linker refuses the program, and the symbol that it misses says why.
#pragma once

namespace troupe::detail {

#if defined(__has_attribute)
    #if __has_attribute(retain)
        #define TROUPE_KEPT __attribute__((used, retain))
    #endif
#endif
#ifndef TROUPE_KEPT
    #define TROUPE_KEPT __attribute__((used))
#endif

#ifdef _GLIBCXX_DEBUG
void troupe_must_be_compiled_with_glibcxx_debug_like_this_program() noexcept;
TROUPE_KEPT inline void (*const same_build_with_debug)() noexcept =
    &troupe_must_be_compiled_with_glibcxx_debug_like_this_program;
#else
void troupe_must_be_compiled_without_glibcxx_debug_like_this_program() noexcept;
TROUPE_KEPT inline void (*const same_build_without_debug)() noexcept =
    &troupe_must_be_compiled_without_glibcxx_debug_like_this_program;
#endif

#undef TROUPE_KEPT

}  // namespace troupe::detail
