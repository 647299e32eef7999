#include "shm/cell_table.hpp"

#include <string>

#include <troupe/error.hpp>

#include "base/step.hpp"

namespace troupe::shm {

cell* cell_table::find(cell_id name) const noexcept {
    if (!cell_id::is_one(name.value) || name.index() >= reached()) return nullptr;
    cell& found = at(name.index());
    return found.name() == name ? &found : nullptr;
}

// Cells are backed one by one.
void cell_table::back(std::uint32_t index) {
    if (index < reached()) return;
    const std::size_t from = memory_->offset_of(&at(static_cast<std::uint16_t>(index)));
    if (!memory_->back(from / page_bytes * page_bytes, whole_pages(sizeof(cell)) + page_bytes)) {
        throw out_of_memory("no memory for another lock, array, event, barrier or semaphore");
    }
    header_->cells.raise(index + 1);
}

bool cell_table::back_held(std::uint16_t slot) noexcept {
    cell_marks& marks = marks_of(slot);
    if (marks.backed.get() != 0) return true;
    const std::size_t places = map_.place_count * sizeof(lock_place);
    const std::size_t from = memory_->offset_of(area_of(slot)) + places;
    if (!memory_->back(from, lock_area_bytes(map_.halvings) - places)) return false;
    marks.backed.raise(1);
    return true;
}

// A page at a time.
bool cell_table::back_place(place_number number) noexcept {
    cell_marks& marks = marks_of(number.slot());
    constexpr std::uint32_t places_a_page = page_bytes / sizeof(lock_place);
    for (std::uint32_t used = marks.places.get(); number.index() >= used; used = marks.places.get()) {
        const std::size_t from = memory_->offset_of(area_of(number.slot())) + used * sizeof(lock_place);
        if (!memory_->back(from, page_bytes)) return false;
        marks.places.raise(used + places_a_page);
    }
    return true;
}

// Noted before it is claimed: what a dead maker left is found by that.
bool cell_table::take(std::uint32_t index, owner_id maker) noexcept {
    cell& one = at(static_cast<std::uint16_t>(index));
    if (one.life.state() != channel_state::free) return false;
    held_cells held = held_by(maker.slot());
    held.add(static_cast<std::uint16_t>(index));
    TROUPE_STEP("cell: noted");
    // crash: making; the keeper frees what a dead maker left
    if (one.life.claim(maker.slot())) return true;
    held.remove(static_cast<std::uint16_t>(index));
    return false;
}

cell_id cell_table::claim(cell_kind kind, owner_id maker) {
    if (!back_held(maker.slot())) throw out_of_memory("no memory to note what locks and arrays this process holds");
    const std::uint32_t guess = header_->lowest_free_cell.get() % map_.cell_count;
    for (std::uint32_t i = 0; i < 2 * map_.cell_count; ++i) {
        const std::uint32_t index = (guess + i) % map_.cell_count;
        back(index);
        if (!take(index, maker)) continue;
        TROUPE_STEP("cell: claimed");
        header_->lowest_free_cell.set(index + 1);
        cell& one = at(static_cast<std::uint16_t>(index));
        one.begin(kind);
        const cell_id name = cell_id::make(one.name().generation() + 1, static_cast<std::uint16_t>(index));
        one.hold(maker.slot());
        one.id.set(name);
        TROUPE_STEP("cell: named");
        return name;
    }
    throw out_of_memory("the program has " + std::to_string(map_.cell_count) +
                        " locks, arrays, events, barriers and semaphores, and that is the most there can be");
}

void cell_table::free(std::uint16_t index) noexcept {
    cell& one = at(index);
    // The generation moves on at once, so that handles find out.
    one.id.set(cell_id::make(one.name().generation() + 1, index));
    one.holders.for_each([&one](std::uint32_t slot) { one.holders.remove(slot); });
    one.waiting.for_each([&one](std::uint32_t slot) { one.waiting.remove(slot); });
    one.life.free();
    if (index < header_->lowest_free_cell.get()) header_->lowest_free_cell.set(index);
}

}  // namespace troupe::shm
