// The topics and groups of a program. They are made when they are first named, and last as long as the program. See
// circle_record.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shm/circle_record.hpp"
#include "shm/program_header.hpp"
#include "shm/program_layout.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

class circle_table {
public:
    circle_table() = default;
    circle_table(segment& memory, program_header& header, std::byte* at)
        : memory_(&memory), header_(&header), records_(reinterpret_cast<circle_record*>(at)) {}

    // Circles at and above it do not exist.
    std::uint32_t reached() const noexcept { return std::min(header_->circles.get(), most_circles); }
    circle_record& at(std::uint32_t index) const noexcept { return records_[index % most_circles]; }
    std::optional<std::uint32_t> find(circle_kind kind, std::string_view name) const noexcept;

    // By the keeper: the index; nothing where there are as many as there can be, or no memory (`full` tells which).
    std::optional<std::uint32_t> find_or_make(circle_kind kind, std::string_view name, std::uint32_t type,
                                              std::string_view type_name) noexcept;
    bool full() const noexcept { return reached() == most_circles; }

private:
    segment* memory_ = nullptr;
    program_header* header_ = nullptr;
    circle_record* records_ = nullptr;
};

}  // namespace troupe::shm
