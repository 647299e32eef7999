// What goes beside a ring: a block in shared memory with a message that is too large for a record, or that carries
// handles, or the arguments of an actor that is being started.
//
//   0    8  stamp     the same as in the record that names it: a block that was freed and used again is found out
//   8    8  length    of the bytes
//   16   4  handles   how many handle entries follow the header
//   20   4  parcels' mark, for the keeper: only a block that has it lists handles
//   64   16 each      handle_ref {object, role}
//   ...               the bytes, at the next multiple of 64
//
// The handles in a block are holds of their ends: the keeper counts them when it asks whether an end is still held.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include <troupe/detail/outgoing.hpp>

#include "shm/program_memory.hpp"

namespace troupe::channel {

struct parcel_header {
    std::atomic<std::uint64_t> stamp;
    std::uint64_t length;
    std::atomic<std::uint32_t> handles;
    std::uint32_t spare;
};
static_assert(sizeof(parcel_header) == 24);

// What a record says of its parcel.
struct parcel_label {
    std::uint64_t block = 0;
    std::uint64_t stamp = 0;
    std::uint64_t length = 0;
};

// Throws out_of_memory. The parcel belongs to `owner` until it is sent.
parcel_label pack_parcel(shm::program_memory& memory, shm::owner_id owner, const detail::outgoing& message);

// Takes over a parcel that was sent by `from`; nothing when the block is not what the label says.
std::optional<detail::incoming> unpack_parcel(shm::program_memory& memory, const parcel_label& label,
                                              shm::owner_id from, shm::owner_id to);
// What is in a block, without taking it over.
std::optional<detail::incoming> look_into_parcel(shm::program_memory& memory, shm::block_id block);

// Frees it. The channels whose ends were listed in it are to be looked at by the keeper: `look_at(channel)`.
template <class LookAt>
void discard_parcel(shm::program_memory& memory, shm::block_id block, LookAt&& look_at) {
    const auto held = look_into_parcel(memory, block);
    // The list is copied out of the block first: once freed, it is somebody else's.
    std::uint64_t objects[64];
    std::size_t count = 0;
    if (held) {
        for (const detail::handle_ref& one : held->handles) {
            if (count < 64) objects[count++] = one.object;
        }
    }
    // Not listed any more before it is free: a list that nobody owns would hold ends that nobody lets go.
    auto* header = reinterpret_cast<parcel_header*>(memory.blocks().at(block));
    header->handles.store(0, std::memory_order_release);  // sync: parcel - publishes that nothing is listed
    memory.blocks().release(block);
    for (std::size_t i = 0; i < count; ++i) look_at(shm::channel_id{objects[i]});
}

}  // namespace troupe::channel
