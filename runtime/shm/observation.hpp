// Whether somebody observes the program, and the answers to orders: what the keeper says to the tool that looks in.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/shared_text.hpp"

namespace troupe::shm {

enum observed : std::uint32_t { observe_timing = 1, observe_trace = 2 };

// number:32 | observed:32. Every change has a new number, by which a process knows that it is to look for its blocks.
class observation {
public:
    struct value {
        std::uint32_t number = 0;
        std::uint32_t what = 0;  // an or of `observed`; 0: nobody observes
    };
    // Looked at once a turn, on a line that changes hardly ever.
    value get() const noexcept {
        // sync: observation - observes the blocks that the keeper has named
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
    }
    // By the keeper.
    void set(value now) noexcept {
        // sync: observation - publishes the blocks that it has named
        word_.store(std::uint64_t{now.number} << 32 | now.what, std::memory_order_release);
    }

private:
    std::atomic<std::uint64_t> word_;
};

// What became of an order. The tool picks the number of its order at random; an answer stays until eight later ones
// have been given.
struct order_answer {
    class number_word {
    public:
        // sync: order - observes the answer
        std::uint64_t get() const noexcept { return number_.load(std::memory_order_acquire); }
        void begin() noexcept {
            number_.store(0, std::memory_order_relaxed);  // relaxed: ordered by the fence
            about_to_write();
        }
        // sync: order - publishes the answer
        void set(std::uint64_t number) noexcept { number_.store(number, std::memory_order_release); }

    private:
        std::atomic<std::uint64_t> number_;
    } number;
    base::published<std::uint32_t> result;  // an order_result
    base::published<std::int32_t> pid;      // of the process that it was about
    base::published<std::int32_t> error;    // an errno, where the system refused
};
inline constexpr std::size_t most_answers = 8;

}  // namespace troupe::shm
