// The locks, arrays, semaphores, events, barriers and conditions of a program: who has them, and who waits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "inspect/actors.hpp"
#include "inspect/snapshot.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

class cell_reader {
public:
    cell_reader(const shm::program_view& view, const actor_index& actors) : view_(view), actors_(actors) {}

    std::vector<cell_row> read_all() const;
    // Nothing if there is no such cell any more. Read once: a thousand that wait for it ask a thousand times.
    const std::optional<cell_row>& read(std::uint64_t id) const;

private:
    std::optional<cell_row> read_at(std::uint32_t index) const;
    const shm::lock_place* place_at(shm::place_number number) const;
    std::uint64_t actor_at(shm::place_number number) const;
    // Both follow the links from the place that came last: the actors that wait, oldest first. The gate does not wait.
    std::vector<std::uint64_t> line_from(shm::place_number top, shm::place_number gate) const;
    std::vector<std::uint64_t> waiters_of_condition(shm::place_number top) const;
    std::vector<std::uint64_t> actors_in(const shm::wait_set& slots) const;
    // What processes have of a semaphore, or that they are parties of a barrier.
    struct account {
        std::uint64_t actor = 0;
        std::uint64_t permits = 0;
    };
    std::vector<account> accounts(const shm::cell& cell) const;
    void read_semaphore(shm::cell& cell, cell_row& row) const;
    void read_barrier(shm::cell& cell, cell_row& row) const;
    void read_lock(const shm::cell& cell, cell_row& row) const;
    void read_content(shm::cell& cell, cell_row& row) const;

    const shm::program_view& view_;
    const actor_index& actors_;
    mutable std::map<std::uint64_t, std::optional<cell_row>> known_;
};

}  // namespace troupe::inspect
