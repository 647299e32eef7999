#include "base/whose_code.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace troupe::base {
namespace {

std::string_view last_part(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

bool of_the_system(const stack_frame& frame) {
    constexpr std::array libraries{"libc.so", "libc-",    "libstdc++.so", "libc++.so", "libc++abi.so", "libgcc_s.so",
                                   "libm.",   "ld-linux", "libpthread",   "libuv.so",  "[vdso]"};
    const std::string_view name = last_part(frame.module);
    if (frame.function == "__clang_call_terminate" || frame.function == "_start" ||
        frame.file.find("/include/c++/") != std::string::npos) {
        return true;
    }
    return std::any_of(libraries.begin(), libraries.end(), [&](const char* one) { return name.starts_with(one); });
}

bool of_troupe(const stack_frame& frame) {
    return qualified_name(frame.function).starts_with("troupe::") ||
           frame.file.find("include/troupe/") != std::string::npos;
}

std::string_view qualified_name(std::string_view function) {
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i < function.size(); ++i) {
        const char c = function[i];
        if (depth == 0 && c == '(' && !function.substr(i).starts_with("(anonymous namespace)") &&
            function.substr(begin, i - begin) != "decltype") {
            return function.substr(begin, i - begin);
        }
        if (c == '<' || c == '(') ++depth;
        if (c == '>' || c == ')') --depth;
        if (depth == 0 && c == ' ') begin = i + 1;
    }
    return function.substr(begin);
}

}  // namespace troupe::base
