// The public names of a program. See name_record.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <troupe/detail/actor_id.hpp>

#include "shm/name_record.hpp"
#include "shm/program_header.hpp"
#include "shm/program_layout.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

class name_table {
public:
    name_table() = default;
    name_table(segment& memory, program_header& header, std::byte* at)
        : memory_(&memory), header_(&header), records_(reinterpret_cast<name_record*>(at)) {}

    // The actor that the keeper has given this name; none where nobody has it. It may have ended since.
    detail::actor_id find(std::string_view name) const noexcept;

    // Names at and above it were never used. For whoever looks in from outside.
    std::uint32_t reached() const noexcept { return std::min(header_->names.get(), most_names); }
    const name_record& at(std::uint32_t index) const noexcept { return records_[index % most_names]; }

    // How many are given. For tests, and for whoever looks in from outside.
    std::size_t in_use() const noexcept;

    // --- by the keeper
    enum class result { given, taken, all_taken, no_memory };
    // Given also where the actor has it already.
    result give(std::string_view name, detail::actor_id to) noexcept;
    // Returns whether somebody had it.
    bool take_back(std::string_view name) noexcept;
    // All names of the actor. Returns whether it had any.
    bool take_back_from(detail::actor_id holder) noexcept;

private:
    segment* memory_ = nullptr;
    program_header* header_ = nullptr;
    name_record* records_ = nullptr;
};

}  // namespace troupe::shm
