// A walk over what lies in a ring, by somebody who looks in from outside and has it mapped read-only: nothing is
// changed, nobody is held up, and its writers and its readers go on.
//
// It goes from the reader's journal to the tail. (The head would not do: it lags by up to an eighth of the ring.) A
// record is copied between two looks at its claim word. No granule is used again before another lap is installed
// there, and no record is cleared before the journal has passed it, or its mark says that it is done. So what still
// stands after the copy was there, whole, when the copy was made. What was consumed meanwhile is left out.
//
// Everything that is read is checked as input is. Nothing outside of the ring is ever touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shm/ring.hpp"

namespace troupe::shm {

enum class surveyed : std::uint8_t {
    message,
    in_flight,  // claimed, and not committed; `owner` may have died of it
};

class ring_survey {
public:
    struct found {
        surveyed what = surveyed::message;
        std::uint64_t position = 0;
        owner_id owner;           // who claimed it
        std::uint8_t kind = 0;    // of a message, as all below
        std::uint32_t parts = 0;  // of a batch, how many of its messages are consumed
        bool taken = false;       // by `taker`, one of many readers
        owner_id taker;
        std::span<const std::byte> payload;  // a copy, good until the next step
    };

    explicit ring_survey(const ring& of);

    // Returns false at the end.
    bool next(found& one);
    // What the walk came upon that no writer leaves. It ended there.
    bool damaged() const noexcept { return damaged_; }

private:
    bool is_stale(std::uint64_t position) const noexcept;
    bool moved_on(std::uint64_t position) noexcept;
    enum class step : std::uint8_t { found, skipped, changed, damaged };
    step look_at(std::uint64_t position, claim_word claim, found& one);
    bool still_there(std::uint64_t position, claim_word claim, record_header header) const noexcept;
    void copy(std::uint64_t position, std::size_t bytes);

    ring ring_;
    std::uint64_t position_;
    std::uint64_t end_;
    std::uint32_t retries_ = 0;
    bool damaged_ = false;
    std::vector<std::uint64_t> copy_;
};

// Where whoever reads it stands: what lies before is consumed.
std::uint64_t position_read(const ring& of) noexcept;
// Granules between there and the tail.
std::uint64_t granules_unread(const ring& of) noexcept;
// The counts of the tail and of the head go round at 2^18.
std::uint32_t messages_claimed(const ring& of) noexcept;
std::uint32_t messages_passed(const ring& of) noexcept;

}  // namespace troupe::shm
