// Names for addresses of code.
#include "base/symbols.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "catch.hpp"

namespace {

int answer() { return 42; }

template <auto Function>
[[gnu::noinline]] int called() {
    return Function();
}

// Where an address of this process stands in the file it was loaded from.
troupe::stack_frame frame_of(std::uintptr_t address) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::uintptr_t begin = 0, end = 0, offset = 0;
        char dash = 0;
        std::string rights, device, inode, file;
        words >> std::hex >> begin >> dash >> end >> rights >> offset >> device >> inode >> file;
        if (address < begin || address >= end) continue;
        troupe::stack_frame found;
        found.module = file;
        found.offset = address - begin + offset;
        return found;
    }
    return {};
}

}  // namespace

TEST_CASE("symbols: a function whose template's parameter is declared auto has its name as written in C++") {
    const auto frames = troupe::base::named({frame_of(reinterpret_cast<std::uintptr_t>(&called<&answer>))});
    REQUIRE_FALSE(frames.empty());
    if (frames[0].function.empty()) return;  // built without libdw, or stripped
    CHECK(frames[0].function.find("called<") != std::string::npos);
    CHECK(frames[0].function.find("_Z") == std::string::npos);
}
