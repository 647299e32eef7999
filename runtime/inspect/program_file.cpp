#include "inspect/program_file.hpp"

#include <unistd.h>

#include <cerrno>

namespace troupe::inspect {

bool read_at(int memory, std::uint64_t offset, std::span<std::byte> into) {
    while (!into.empty()) {
        const ssize_t got = ::pread(memory, into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        into = into.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::uint64_t>(got);
    }
    return true;
}

}  // namespace troupe::inspect
