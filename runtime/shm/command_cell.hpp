// What an actor and the keeper share about one command of the actor: one word.
//
//   0 ──clone──> the pid of its process ──end──> how that ended ──clear──> 0
//
// clone  the kernel, before the first instruction of the process: so an actor that is killed at any instruction has
//        left no command that the keeper cannot find
// end    the keeper, when the process has been collected: nobody else has this pid before
// clear  the actor, before it uses the cell again; the keeper for an actor that is dead
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <troupe/exit_status.hpp>

namespace troupe::shm {

inline constexpr std::size_t most_commands = 64;  // of an actor, at a time

class command_cell {
public:
    // Of its process; 0 when there is none, or none any more.
    std::int32_t pid() const noexcept {
        // sync: command - observes what the kernel wrote in clone
        const std::int32_t word = word_.load(std::memory_order_acquire);
        return word > 0 ? word : 0;
    }
    // Nothing while it runs, and of a cell that no command has.
    std::optional<exit_status> status() const noexcept {
        // sync: command - observes its end
        const auto word = static_cast<std::uint32_t>(word_.load(std::memory_order_acquire));
        if ((word & ended) == 0) return std::nullopt;
        if ((word & is_lost) != 0) return exit_status::from_nothing();
        const int code = static_cast<int>(word & code_bits);
        return (word & by_signal) != 0 ? exit_status::from_signal(code, (word & dumped) != 0)
                                       : exit_status::from_exit(code);
    }
    // It was ended because nobody could have looked after it.
    bool was_refused() const noexcept {
        // sync: command - observes its end
        const auto word = static_cast<std::uint32_t>(word_.load(std::memory_order_acquire));
        return (word & ended) != 0 && (word & is_refused) != 0;
    }

    void end(const exit_status& status) noexcept { set(ended | packed(status)); }
    void refuse() noexcept { set(ended | is_lost | is_refused); }
    void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: no process has it
    std::atomic<std::int32_t>& for_clone() noexcept { return word_; }

private:
    static constexpr std::uint32_t ended = 1u << 31, is_lost = 1u << 30, is_refused = 1u << 29;
    static constexpr std::uint32_t by_signal = 1u << 8, dumped = 1u << 9, code_bits = 0xff;

    static std::uint32_t packed(const exit_status& status) noexcept {
        if (status.lost()) return is_lost;
        if (!status.signaled()) return static_cast<std::uint32_t>(status.code()) & code_bits;
        return by_signal | (status.core_dumped() ? dumped : 0u) |
               (static_cast<std::uint32_t>(status.signal()) & code_bits);
    }
    // crash: the program's, which ends with everything
    void set(std::uint32_t word) noexcept {
        // sync: command - publishes its end
        word_.store(static_cast<std::int32_t>(word), std::memory_order_release);
    }

    std::atomic<std::int32_t> word_;
};

}  // namespace troupe::shm
