// What an ELF file says of itself at its beginning, read from the file or from memory that it is mapped to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace troupe::inspect {

// Reads so many bytes at an offset; fewer where there are no more.
using byte_source = std::function<std::vector<std::byte>(std::uint64_t offset, std::size_t bytes)>;

struct elf_beginning {
    std::uint64_t address = 0;        // where its first segment was linked to be, rounded down to a page
    std::vector<std::byte> build_id;  // empty: it has none
};
// Nothing if it is no ELF file of 64 bits. `linked`: the source counts by addresses, not by offsets in the file.
enum class counted_by { offset, address };
std::optional<elf_beginning> read_beginning(const byte_source& source, counted_by how);

}  // namespace troupe::inspect
