// The actors of a program, each read from its slot and from /proc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inspect/host_process.hpp"
#include "inspect/snapshot.hpp"
#include "inspect/type_names.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

// An actor's row, and what a later look is compared with.
struct actor_seen {
    actor_row row;
    std::uint64_t life = 0;  // the word, whole
    std::uint32_t waiting_version = 0;
    std::uint64_t asleep_at = 0;  // ms; 0: it is awake
    std::uint64_t cpu_time = 0;   // ns
    std::uint64_t task = 0;       // of a pool's worker: the key of the function whose tasks it has in hand
};

double now_seconds();
// A moment of which the low bits alone are known, in s of the monotonic clock.
double whole_time(std::uint32_t ms);

class actor_reader {
public:
    actor_reader(const shm::program_view& view, const type_names& types, const pid_map& pids)
        : view_(view), types_(types), pids_(pids) {}

    // Every slot that has an actor, the program first, each parent before its children.
    std::vector<actor_seen> read_all(std::vector<std::string>& damaged) const;
    // Whether what it does and waits for is still what was read.
    bool unchanged(const actor_seen& one) const;

private:
    std::optional<actor_seen> read(std::uint16_t index, std::vector<std::string>& damaged) const;
    void read_slot(const shm::process_slot& slot, actor_seen& into) const;
    void read_waits(const shm::process_slot& slot, actor_seen& into) const;
    void read_state(const shm::process_slot& slot, shm::process_state state, actor_seen& into) const;

    const shm::program_view& view_;
    const type_names& types_;
    const pid_map& pids_;
};

const char* name_of(shm::waiting_kind kind) noexcept;
const char* name_of(shm::event_kind kind) noexcept;

// The actors of a look, by their slots and by their ids.
class actor_index {
public:
    explicit actor_index(const std::vector<actor_seen>& actors);
    // 0, null or empty where there is none.
    std::uint64_t in_slot(std::uint32_t slot) const;
    const actor_seen* find(std::uint64_t id) const;
    std::string name_of(std::uint64_t id) const;
    // Who has this owner number now; 0 if that process has ended.
    std::uint64_t owner(const shm::program_view& view, shm::owner_id owner) const;
    // When the actor of that slot asked what has this number, by its own list.
    std::optional<double> asked_at(std::uint32_t slot, std::uint32_t number) const;

private:
    std::map<std::uint32_t, const actor_seen*> slots_;
    std::map<std::uint64_t, const actor_seen*> ids_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, double> asked_;
};

}  // namespace troupe::inspect
