// The commands of this process: which of the cells in its slot they have.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "shm/process_slot.hpp"

namespace troupe::actors {

class own_commands {
public:
    explicit own_commands(shm::process_slot& self) noexcept : self_(self) {}

    shm::command_cell& at(std::size_t cell) noexcept { return self_.commands[cell]; }

    // An empty cell for one that is about to begin; nothing while all are taken.
    std::optional<std::size_t> claim() noexcept;
    // Its command has ended, or is about to and nobody waits for that.
    void give_up(std::size_t cell) noexcept { given_up_ |= bit(cell); }
    // A cell that was given up will be free when its process is gone.
    bool some_are_on_their_way_out() const noexcept { return given_up_ != 0; }
    // All are taken, and of those that were given up none is free yet: until that changes, `claim` gives nothing.
    bool none_is_free_yet() const noexcept { return ~taken_ == 0 && given_up_ != 0 && !some_are_gone(); }

private:
    static constexpr std::uint64_t bit(std::size_t cell) noexcept { return std::uint64_t{1} << cell; }
    static_assert(shm::most_commands == 64);

    bool some_are_gone() const noexcept;

    shm::process_slot& self_;
    std::uint64_t taken_ = 0;
    std::uint64_t given_up_ = 0;  // of those
};

}  // namespace troupe::actors
