// A circle: the actors that have subscribed to a topic, or belong to a group. It has a name and a type, which never
// change, and two bits for each slot. The keeper alone writes it, and takes a bit away before the slot of an actor that
// has ended is used again.
//
// Whoever sends to all members reads the bit of a slot, the slot's actor, and the bit once more. The second look comes
// after the actor's id was observed: if that is the slot's next actor, the look sees that the bit was taken away
// before, or that this actor has become a member itself.
//
// crash: the keeper is a thread of the program, and when that dies, nobody is left who reads
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/name_record.hpp"
#include "shm/owner_id.hpp"

namespace troupe::shm {

enum class circle_kind : std::uint32_t { topic, group };

inline constexpr std::size_t longest_type_name = 183;  // bytes; longer ones are cut

class alignas(base::line_bytes) circle_record {
public:
    // Written once, before the record is reached.
    base::published<circle_kind> kind;
    base::published<std::uint32_t> type;  // of what its members take
    base::published<std::uint64_t> hash;  // of the name
    char name[longest_name + 1];
    char type_name[longest_type_name + 1];  // for texts

    bool is(circle_kind sort, std::string_view text, std::uint64_t its_hash) const noexcept {
        return kind.get() == sort && hash.get() == its_hash && text_is(name, text);
    }

    bool contains(std::uint32_t slot) const noexcept {
        return (members(slot / word_bits) >> slot % word_bits & 1) != 0;
    }
    // What is sent to it while its mailbox is full is skipped.
    bool may_be_skipped(std::uint32_t slot) const noexcept {
        // relaxed: it may be out of date, as a message may be that is on its way
        return (bits_[slot / word_bits].skip.load(std::memory_order_relaxed) >> slot % word_bits & 1) != 0;
    }
    // Calls `visit(slot)` for each member, of slots below that one.
    template <class Visit>
    void for_each_below(std::uint32_t slots, Visit visit) const {
        for (std::uint32_t word = 0; word * word_bits < slots; ++word)
            for (std::uint64_t bits = members(word); bits != 0; bits &= bits - 1)
                visit(word * word_bits + static_cast<std::uint32_t>(std::countr_zero(bits)));
    }

    // By the keeper.
    void add(std::uint32_t slot, bool may_be_skipped) noexcept {
        const std::uint64_t bit = std::uint64_t{1} << slot % word_bits;
        word& its = bits_[slot / word_bits];
        // relaxed, both: published by the member's bit, or free to be seen late
        if (may_be_skipped)
            its.skip.fetch_or(bit, std::memory_order_relaxed);
        else
            its.skip.fetch_and(~bit, std::memory_order_relaxed);
        // sync: member - publishes that the actor of the slot belongs to it
        its.member.fetch_or(bit, std::memory_order_release);
    }
    void remove(std::uint32_t slot) noexcept {
        const std::uint64_t bit = std::uint64_t{1} << slot % word_bits;
        // sync: member - publishes that the actor of the slot does not belong to it
        bits_[slot / word_bits].member.fetch_and(~bit, std::memory_order_release);
    }

private:
    static constexpr std::uint32_t word_bits = 64;
    struct word {
        std::atomic<std::uint64_t> member, skip;
    };

    std::uint64_t members(std::uint32_t index) const noexcept {
        return bits_[index].member.load(std::memory_order_acquire);  // sync: member - observes who belongs to it
    }

    alignas(base::line_bytes) std::array<word, most_processes / word_bits> bits_;
};
static_assert(sizeof(circle_record) == 512 + most_processes / 4);

}  // namespace troupe::shm
