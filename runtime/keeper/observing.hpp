// Who is observed: the keeper takes the blocks that processes write to meanwhile, and frees them.
//
// Whoever observes asks for it again and again; some seconds after the last time, it ends. Two who observe at a time
// share the blocks. Each living actor has its own: those that are there when it begins at once, the others at the
// keeper's next turn after their birth. Where memory is short an actor has none, and is left out.
//
// A block is freed when its slot does not name it any more and its process follows no older observation. A process that
// has ended follows none (note_end), and one that sleeps follows none either; so what stays is that of a process which
// runs and has no turn, until it has one or dies. The blocks of an actor that has ended are kept for a second, so that
// its last events can be read.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.hpp"
#include "shm/program_memory.hpp"
#include "shm/timing.hpp"
#include "shm/trace.hpp"

namespace troupe::keepers {

class observing {
public:
    explicit observing(shm::program_memory& memory) noexcept : memory_(memory) {}

    // Somebody wants to observe this, an or of shm::observed, for the next eight seconds.
    void ask(std::uint32_t what, base::time_point now) noexcept;
    // In each turn of the keeper: blocks for those that have begun, none for those that have ended, and an end when
    // nobody has asked for long enough.
    void look(base::time_point now) noexcept;
    // When to call `look` at the latest; the end of time when there is nothing to wait for.
    base::time_point look_at(base::time_point now) const noexcept;
    // The process of the slot has ended, and no other one has begun.
    void note_end(std::uint16_t slot) noexcept;

private:
    enum class holding : std::uint8_t { nothing, named, leaving };
    struct held {
        shm::block_id block;
        holding state = holding::nothing;
        std::uint32_t left_at = 0;  // leaving: the number of the observation without it; 0: there is none yet
    };
    static constexpr std::size_t kinds = 2;  // timing and trace, in the order of shm::observed
    struct observed {
        std::array<held, kinds> blocks;
        base::time_point free_at{};  // of an actor that has ended; 0 of any other
    };

    void change(std::uint32_t what, base::time_point now) noexcept;
    void look_at_slot(std::uint16_t slot, base::time_point now) noexcept;
    void name(std::uint16_t slot, std::size_t kind) noexcept;
    void take_name_off(std::uint16_t slot, std::size_t kind) noexcept;
    void say_what_is_observed() noexcept;
    void free_what_was_left() noexcept;
    bool lives(std::uint16_t slot) const noexcept;
    std::uint32_t reached() const noexcept;

    shm::program_memory& memory_;
    std::uint32_t what_ = 0;
    std::uint32_t number_ = 0;
    std::array<base::time_point, kinds> until_{};  // what is wanted ends then
    std::array<observed, shm::max_processes> slots_{};
    std::uint32_t began_ = 0;    // the kinds that begin in this look: who lives has begun before
    bool changed_ = false;       // names, since the last observation was said
    std::uint32_t leaving_ = 0;  // blocks
    std::uint32_t ended_ = 0;    // actors whose blocks are kept for a while
};

}  // namespace troupe::keepers
