// A ring in private memory, processes that are only numbers, and death at a chosen step.
#pragma once

#include "catch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/step.hpp"
#include "shm/ring_reader.hpp"
#include "shm/ring_shared_reader.hpp"
#include "shm/ring_writer.hpp"

namespace ring_test {

using namespace troupe::shm;

inline constexpr std::uint32_t unlimited = most_messages;

struct block {
    explicit block(std::size_t bytes) : bytes_(bytes), at_(new(std::align_val_t{128}) std::byte[bytes]()) {}
    ~block() { ::operator delete[](at_, std::align_val_t{128}); }
    block(const block&) = delete;
    block& operator=(const block&) = delete;
    std::byte* get() const { return at_; }
    std::size_t bytes() const { return bytes_; }

private:
    std::size_t bytes_;
    std::byte* at_;
};

inline constexpr owner_id ann = owner_id::make(1, 0), bob = owner_id::make(2, 0), eve = owner_id::make(3, 0);

struct graveyard {
    std::set<std::uint16_t> buried;
    void bury(owner_id who) { buried.insert(who.value); }
    liveness who() const {
        return {[](const void* table, owner_id owner) noexcept {
                    return owner == owner.disowned() ||
                           static_cast<const graveyard*>(table)->buried.count(owner.value) != 0;
                },
                this};
    }
};

// As if everything before `start` had been sent and read. Start near 2^44 to see positions go round.
inline void begin_at(const ring& r, std::uint64_t start) {
    start &= position_mask;
    const std::uint64_t lap = r.lap_of(start);
    for (std::uint32_t i = 0; i < r.granules(); ++i) {
        const std::uint64_t last = (i < (start & r.mask()) ? lap : lap - 1) & (position_mask / r.granules());
        r.claim_at(i).store(claim_word::make(last, 1, claim_state::message, eve).bits);
        r.mark_at(i).store(mark_word::make(last, mark_state::done, eve).bits);
    }
    r.tail().store(head_word::make(start, 0).bits);
    r.head().store(head_word::make(start, 0).bits);
    r.header().journal.reclaim.store(reclaim_word::make(start).bits);
    r.header().journal.scrubbed.store(start);
}

struct one_ring {
    explicit one_ring(reader_mode mode = reader_mode::one, std::uint64_t start = 0, std::uint32_t granules = 1024)
        : memory(ring::bytes(granules)), ring(ring::format(memory.get(), granules, mode)) {
        if (start != 0) begin_at(ring, start);
    }
    block memory;
    troupe::shm::ring ring;
    graveyard dead;
};

// Records carry their own number, over and over.
inline void fill(std::byte* payload, std::uint32_t bytes, std::uint32_t number) {
    for (std::uint32_t at = 0; at < bytes; at += 4) std::memcpy(payload + at, &number, std::min(4u, bytes - at));
}
inline std::uint32_t number_of(const record& r) {
    std::uint32_t number = 0;
    std::memcpy(&number, r.payload, 4);
    bool whole = true;
    for (std::uint32_t at = 0; at + 4 <= r.bytes; at += 4) whole &= std::memcmp(r.payload + at, &number, 4) == 0;
    REQUIRE(whole);
    return number;
}

inline room send(ring_writer& writer, std::uint32_t number, std::uint32_t bytes = 40,
                 std::uint32_t capacity = unlimited) {
    claim place;
    const room got = writer.try_claim(bytes, capacity, place);
    if (got != room::claimed) return got;
    fill(place.payload(), bytes, number);
    static_cast<void>(place.commit(static_cast<std::uint8_t>(number)));
    return got;
}

inline std::vector<std::uint32_t> read_all(ring_reader& reader) {
    std::vector<std::uint32_t> seen;
    record r;
    while (reader.look(r) == sight::message) {
        seen.push_back(number_of(r));
        reader.consume(r);
    }
    reader.flush();
    return seen;
}
inline std::vector<std::uint32_t> take_all(ring_shared_reader& reader) {
    std::vector<std::uint32_t> seen;
    record r;
    while (reader.take(r) == sight::message) {
        seen.push_back(number_of(r));
        reader.finish(r);
    }
    return seen;
}

// I3, when nothing is in the ring.
inline bool clean(const ring& r) {
    for (std::uint32_t i = 0; i < r.granules(); ++i)
        if (r.record_at(i).load() != 0) return false;
    return r.head_position() == r.tail_position() && r.empty();
}

inline constexpr std::uint64_t near_a_pad = 1024 * 7 - 3;

inline bool parks(ring_reader& reader) {
    const bool parked = reader.park() == sight::empty;
    reader.unpark();
    return parked;
}

// A place for the claim of a writer that will not come back: its destructor must not run.
inline claim& leave_behind() {
    static auto* const claims = new std::deque<claim>;  // never destroyed
    return claims->emplace_back();
}

#ifdef TROUPE_STEPS
struct killed {};

// Throws at the nth step from now on. What a killed process leaves must not be tidied up by destructors: make claims
// with `leave_behind`.
class executioner {
public:
    explicit executioner(unsigned steps) {
        left = steps;
        passed.clear();
        resume();
    }
    ~executioner() { pause(); }
    static void resume() {
        troupe::base::step_hook = [](const char* name) {
            passed.push_back(name);
            if (--left != 0) return;
            if (places.insert(name).second) std::printf("died at %s\n", name);  // see tests/steps.py
            throw killed{};
        };
    }
    static void pause() { troupe::base::step_hook = nullptr; }
    static unsigned times(const std::string& step) {
        unsigned count = 0;
        for (const auto& one : passed) count += one == step;
        return count;
    }

private:
    static inline unsigned left = 0;
    static inline std::vector<std::string> passed;
    static inline std::set<std::string> places;
};

// Sends without tidying up behind a death.
inline void send_mortally(ring_writer& writer, std::uint32_t number, std::uint32_t bytes) {
    claim& place = leave_behind();
    if (writer.try_claim(bytes, unlimited, place) != room::claimed) return;
    fill(place.payload(), bytes / 2, number);
    TROUPE_STEP("test: copying");
    fill(place.payload(), bytes, number);
    static_cast<void>(place.commit(1));
}

// Runs `life` again and again, killed one step later each time, until it dies a natural death; after each, `after`.
template <class Life, class After>
void kill_at_every_step(Life life, After after) {
    for (unsigned step = 1;; ++step) {
        bool was_killed = false;
        {
            executioner axe(step);
            try {
                life();
            } catch (const killed&) {
                was_killed = true;
            }
        }
        INFO("killed at step " << step);
        after(was_killed);
        if (!was_killed) {
            REQUIRE(step > 5);
            return;
        }
    }
}
#endif

}  // namespace ring_test
