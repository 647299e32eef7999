// The cells of a program, and the places of its slots. See cell.hpp and lock_place.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "shm/cell.hpp"
#include "shm/held_cells.hpp"
#include "shm/program_header.hpp"
#include "shm/program_layout.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

class cell_table {
public:
    cell_table() = default;
    cell_table(segment& memory, program_header& header, slice* slices, const segment_map& map)
        : memory_(&memory), header_(&header), slices_(slices), map_(map) {}

    // --- cells
    cell& at(std::uint16_t index) const noexcept { return cells()[index & (map_.cell_count - 1)]; }
    // Cells at and above it were never used.
    std::uint32_t reached() const noexcept { return std::min(header_->cells.get(), map_.cell_count); }
    // Null when the name is that of no cell, or of one that was freed.
    cell* find(cell_id name) const noexcept;

    // Returns a cell in state making, which is the maker's until `open`, and noted as held by it. Throws out_of_memory.
    cell_id claim(cell_kind kind, owner_id maker);
    void open(cell_id name) noexcept { at(name.index()).life.open(); }
    // Its block is to be freed before.
    void free(std::uint16_t index) noexcept;

    // What the process of a slot holds. To be backed before anything is added.
    held_cells held_by(std::uint16_t slot) const noexcept {
        return {marks_of(slot), area_of(slot) + map_.place_count * sizeof(lock_place)};
    }
    bool holds_any(std::uint16_t slot) const noexcept { return marks_of(slot).backed.get() != 0; }
    bool back_held(std::uint16_t slot) noexcept;  // false: no memory

    // --- places
    lock_place& place(place_number number) const noexcept {
        return reinterpret_cast<lock_place*>(area_of(number.slot()))[number.index() & (map_.place_count - 1)];
    }
    std::uint32_t places() const noexcept { return map_.place_count; }  // of a slot; the first is none
    // Places of the slot at and above it were never used.
    std::uint32_t places_reached(std::uint16_t slot) const noexcept {
        return std::min(marks_of(slot).places.get(), map_.place_count);
    }
    bool back_place(place_number number) noexcept;  // false: no memory

private:
    cell* cells() const noexcept { return reinterpret_cast<cell*>(memory_->base() + map_.cells); }
    std::byte* area_of(std::uint16_t slot) const noexcept {
        return memory_->base() + map_.lock_areas + slot * lock_area_bytes(map_.halvings);
    }
    cell_marks& marks_of(std::uint16_t slot) const noexcept {
        return slices_[slot / processes_a_slice % shm::slices].processes[slot % processes_a_slice].cells;
    }
    void back(std::uint32_t index);
    bool take(std::uint32_t index, owner_id maker) noexcept;

    segment* memory_ = nullptr;
    program_header* header_ = nullptr;
    slice* slices_ = nullptr;
    segment_map map_;
};

}  // namespace troupe::shm
