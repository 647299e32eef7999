// The pools of a program: its workers, by their slots, and its tasks, as its owner counts them (shm/pool_counts.hpp).
#pragma once

#include <optional>
#include <vector>

#include "inspect/actors.hpp"
#include "inspect/snapshot.hpp"
#include "inspect/type_names.hpp"
#include "shm/pool_counts.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

class pool_reader {
public:
    pool_reader(const shm::program_view& view, const type_names& types) : view_(view), types_(types) {}

    // By owner and name. Workers of a pool that counts nothing are taken for one pool if they have one name.
    std::vector<pool_row> read_all(const std::vector<actor_seen>& actors) const;

private:
    struct found {
        pool_row row;
        std::optional<std::uint32_t> queue;  // the index of its record
        std::vector<const actor_seen*> workers;
        std::vector<std::uint64_t> functions;  // keys, as the rows of its functions
    };
    std::vector<found> counted() const;
    std::optional<found> read(std::uint32_t channel) const;
    void count_running(found& pool) const;

    const shm::program_view& view_;
    const type_names& types_;
};

}  // namespace troupe::inspect
