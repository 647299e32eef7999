// What was asked of a start, and travels with the arguments.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <troupe/spawn.hpp>

#include "process/library.hpp"

namespace troupe::launch {

struct circumstances {
    std::string directory;
    std::vector<std::pair<std::string, std::string>> environment;
    struct limits limits;
    process::library_place function;
    std::uint64_t function_hash = 0;  // of its name
};

}  // namespace troupe::launch
