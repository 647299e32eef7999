#include <troupe/detail/same_build.hpp>

namespace troupe::detail {

#ifdef _GLIBCXX_DEBUG
void troupe_must_be_compiled_with_glibcxx_debug_like_this_program() noexcept {}
#else
void troupe_must_be_compiled_without_glibcxx_debug_like_this_program() noexcept {}
#endif

}  // namespace troupe::detail
