// Whether actors have ended since somebody last looked. One that is new has not looked.
#pragma once

#include <cstdint>
#include <utility>

#include "shm/program_header.hpp"

namespace troupe::shm {

class death_watch {
public:
    explicit death_watch(const program_header& header) noexcept : deaths_(header.deaths) {}

    bool changed() const noexcept { return deaths_.get() != seen_; }
    // Returns whether it has changed, and has looked.
    bool notice() noexcept {
        const std::uint64_t now = deaths_.get();
        return std::exchange(seen_, now) != now;
    }

private:
    const death_count& deaths_;
    std::uint64_t seen_ = 0;
};

}  // namespace troupe::shm
