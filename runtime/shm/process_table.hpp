// The slots of a program's processes, and what is left of the actors in them. See process_slot.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/post_mortem.hpp"
#include "shm/owner_id.hpp"
#include "shm/process_slot.hpp"
#include "shm/program_header.hpp"
#include "shm/program_layout.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

class process_table {
public:
    process_table() = default;
    process_table(segment& memory, program_header& header, slice* slices)
        : memory_(&memory), header_(&header), slices_(slices) {}

    process_slot& at(std::uint16_t slot) noexcept { return slice_of(slot).processes[slot % processes_a_slice]; }
    const process_slot& at(std::uint16_t slot) const noexcept {
        return slice_of(slot).processes[slot % processes_a_slice];
    }
    base::post_mortem& post_mortem(std::uint16_t slot) noexcept {
        return slice_of(slot).post_mortems[slot % processes_a_slice];
    }
    const base::post_mortem& post_mortem(std::uint16_t slot) const noexcept {
        return slice_of(slot).post_mortems[slot % processes_a_slice];
    }
    // Mapped apart, so that it can be written until the process's last instruction. Null when the system refuses.
    base::post_mortem* keep_post_mortem(std::uint16_t slot) const noexcept;
    void touch(std::uint16_t slot) const noexcept;  // this process will write to that slot

    // Slots at and above it were never used.
    std::uint32_t reached() const noexcept { return std::min<std::uint32_t>(header_->slots.get(), max_processes); }
    bool full() const noexcept;  // no slot is free now

    // Returns a slot in state starting, begun for a new actor; nothing when all are taken.
    std::optional<std::uint16_t> claim(std::uint16_t spawner);
    void claim_keeper();  // once, by the program
    // A new process for an actor that is down; false when it has been let go.
    bool restart(detail::actor_id actor);
    void free(std::uint16_t slot) noexcept;

    // The owner number of the process that has the slot now.
    owner_id owner(std::uint16_t slot) const noexcept { return owner_id::make(slot, at(slot).incarnation.get()); }
    liveness owners() const noexcept;  // who is dead, for rings. Good as long as this table

    // It can be sent to: it lives, or is down and may be started again.
    bool is_alive(detail::actor_id actor) const noexcept { return at(actor.slot()).is_alive(actor); }
    std::string name_of(detail::actor_id actor) const;  // empty when its slot has another actor
    // "actor 'clerk' (pid 4711)", for texts; of one whose slot has another actor, "an actor".
    std::string described(detail::actor_id actor) const { return described(actor, at(actor.slot()).pid.get()); }
    // The same with the pid of the process that ended last.
    std::string described_as_ended(detail::actor_id actor) const {
        return described(actor, at(actor.slot()).ending.pid.get());
    }

private:
    slice& slice_of(std::uint16_t slot) const noexcept { return slices_[slot / processes_a_slice % shm::slices]; }
    bool back(std::uint16_t slot);  // false: no memory
    std::string described(detail::actor_id actor, std::int32_t pid) const;

    segment* memory_ = nullptr;
    program_header* header_ = nullptr;
    slice* slices_ = nullptr;
};

}  // namespace troupe::shm
