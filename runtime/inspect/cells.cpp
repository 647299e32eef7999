#include "inspect/cells.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace troupe::inspect {
namespace {

constexpr std::size_t longest_line = 65536;
constexpr double ns_a_second = 1e9;

bool waits_in_line(shm::place_state state) noexcept {
    switch (state) {
    case shm::place_state::waiting:
    case shm::place_state::parked:
    case shm::place_state::granted:
    case shm::place_state::notified: return true;
    default: return false;
    }
}

const char* kind_of(const shm::cell& cell) noexcept {
    switch (cell.kind.get()) {
    case shm::cell_kind::lock: return cell.value_bytes.get() == 0 ? "mutex" : "shared";
    case shm::cell_kind::large_lock: return "shared";
    case shm::cell_kind::array: return "shared_array";
    case shm::cell_kind::event: return "event";
    case shm::cell_kind::barrier: return "barrier";
    case shm::cell_kind::semaphore: return "semaphore";
    case shm::cell_kind::condition: return "condition";
    }
    return nullptr;
}

}  // namespace

const shm::lock_place* cell_reader::place_at(shm::place_number number) const {
    if (!number || number.slot() >= view_.processes().reached()) return nullptr;
    return number.index() < view_.cells().places_reached(number.slot()) ? &view_.cells().place(number) : nullptr;
}

std::uint64_t cell_reader::actor_at(shm::place_number number) const { return actors_.in_slot(number.slot()); }

std::vector<std::uint64_t> cell_reader::line_from(shm::place_number top, shm::place_number gate) const {
    std::vector<std::uint64_t> line;
    for (std::size_t i = 0; i < longest_line; ++i) {
        const shm::lock_place* const place = place_at(top);
        if (place == nullptr) break;
        const std::uint64_t who = actor_at(top);
        if (who != 0 && top != gate && waits_in_line(place->state.get().state)) line.push_back(who);
        top = place->older();
    }
    std::reverse(line.begin(), line.end());
    return line;
}

std::vector<std::uint64_t> cell_reader::waiters_of_condition(shm::place_number top) const {
    std::vector<std::uint64_t> line;
    for (std::size_t i = 0; i < longest_line; ++i) {
        const shm::lock_place* const place = place_at(top);
        if (place == nullptr) break;
        const std::uint64_t who = actor_at(top);
        if (who != 0 && place->state.get().state == shm::place_state::cwait) line.push_back(who);
        top = place->older_waiting();
    }
    std::reverse(line.begin(), line.end());
    return line;
}

std::vector<std::uint64_t> cell_reader::actors_in(const shm::wait_set& slots) const {
    std::vector<std::uint64_t> found;
    slots.for_each([&](std::uint32_t slot) {
        if (const std::uint64_t id = actors_.in_slot(slot)) found.push_back(id);
    });
    return found;
}

// Whoever has the lock is at the gate; whoever waits stands behind, and the line may change while it is followed.
void cell_reader::read_lock(const shm::cell& cell, cell_row& row) const {
    for (int tries = 0; tries < 3; ++tries) {
        const shm::lock_value before = cell.word.get();
        const shm::lock_place* const gate = place_at(before.gate);
        row.holder = gate != nullptr ? actor_at(before.gate) : 0;
        row.since.reset();
        if (gate != nullptr) row.since = static_cast<double>(gate->since.get()) / ns_a_second;
        row.waiting = line_from(before.top, before.gate);
        if (cell.word.get() == before) return;
    }
}

std::vector<cell_reader::account> cell_reader::accounts(const shm::cell& cell) const {
    std::vector<account> found;
    cell.holders.for_each([&](std::uint32_t slot) {
        if (slot >= view_.processes().reached()) return;
        const std::uint32_t places = view_.cells().places_reached(static_cast<std::uint16_t>(slot));
        for (std::uint32_t i = 1; i < places; ++i) {
            const shm::lock_place& place = view_.cells().place(shm::place_number::make(slot, i));
            if (place.state.get().state != shm::place_state::account || place.cell.get() != cell.name().value) continue;
            found.push_back({actors_.in_slot(slot), std::min(place.stands.get().held, shm::most_permits)});
        }
    });
    return found;
}

// Whoever has permits may give them back.
void cell_reader::read_semaphore(shm::cell& cell, cell_row& row) const {
    read_lock(cell, row);  // of its turnstile
    if (row.holder != 0) row.waiting.insert(row.waiting.begin(), row.holder);
    row.holder = 0;
    row.since.reset();
    row.value = row.of_value = cell.semaphore().permits.get().free;
    for (const account& one : accounts(cell)) {
        row.of_value += one.permits;
        if (one.permits != 0 && one.actor != 0) row.awaited.push_back(one.actor);
    }
    row.needed = row.awaited.size() > 1 ? 1 : 0;
}

// A party that has come once comes again, or breaks it. As long as some were never there, it may be anybody who has a
// handle.
void cell_reader::read_barrier(shm::cell& cell, cell_row& row) const {
    row.value = cell.barrier().word.get().arrived;
    row.of_value = cell.barrier().parties.get();
    row.waiting = actors_in(cell.waiting);
    const std::set<std::uint64_t> waiting(row.waiting.begin(), row.waiting.end());
    const auto waits = [&waiting](std::uint64_t one) { return waiting.contains(one); };
    const std::vector<account> parties = accounts(cell);
    if (parties.size() == row.of_value) {
        for (const account& one : parties) {
            if (one.actor != 0 && !waits(one.actor)) row.awaited.push_back(one.actor);
        }
        return;
    }
    for (const std::uint64_t one : row.held_by) {
        if (!waits(one)) row.awaited.push_back(one);
    }
    const std::uint64_t missing = row.of_value - std::min(row.value, row.of_value);
    if (row.awaited.size() > missing) row.needed = static_cast<std::uint32_t>(missing);
}

void cell_reader::read_content(shm::cell& cell, cell_row& row) const {
    switch (cell.kind.get()) {
    case shm::cell_kind::lock:
    case shm::cell_kind::large_lock:
        read_lock(cell, row);
        if (row.holder != 0) row.awaited.push_back(row.holder);
        return;
    case shm::cell_kind::array: row.value = row.of_value = cell.memory().bytes.get(); return;
    case shm::cell_kind::event:
        row.value = cell.event().get().set ? 1 : 0;
        row.of_value = 1;
        row.waiting = actors_in(cell.waiting);
        return;
    case shm::cell_kind::barrier: return read_barrier(cell, row);
    case shm::cell_kind::semaphore: return read_semaphore(cell, row);
    case shm::cell_kind::condition: row.waiting = waiters_of_condition(cell.condition().top.get()); return;
    }
}

std::optional<cell_row> cell_reader::read_at(std::uint32_t index) const {
    if (index >= view_.cells().reached()) return std::nullopt;
    shm::cell& cell = view_.cells().at(static_cast<std::uint16_t>(index));
    const shm::cell_id name = cell.name();
    const char* const kind = kind_of(cell);
    if (!cell.is_open() || kind == nullptr || name.index() != index) return std::nullopt;
    cell_row row;
    row.id = name.value;
    row.kind = kind;
    row.held_by = actors_in(cell.holders);
    read_content(cell, row);
    return cell.name() == name && cell.is_open() ? std::optional(std::move(row)) : std::nullopt;
}

const std::optional<cell_row>& cell_reader::read(std::uint64_t id) const {
    const auto [known, is_new] = known_.try_emplace(id);
    if (!is_new || !shm::cell_id::is_one(id)) return known->second;
    auto row = read_at(shm::cell_id{id}.index());
    if (row && row->id == id) known->second = std::move(row);
    return known->second;
}

std::vector<cell_row> cell_reader::read_all() const {
    std::vector<cell_row> rows;
    for (std::uint32_t i = 0; i < view_.cells().reached(); ++i) {
        if (auto row = read_at(i)) rows.push_back(std::move(*row));
    }
    return rows;
}

}  // namespace troupe::inspect
