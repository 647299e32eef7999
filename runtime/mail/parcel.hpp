// What goes beside a ring: a block in shared memory with a message that is too large for a record, or that carries
// handles, or the arguments of an actor that is being started.
//
//   0    8  stamp     the same as in the record that names it: a block that was freed and used again is found out
//   8    8  length    of the bytes
//   16   4  handles   how many handle entries follow the header
//   20   4  let go    how many of them are let go, and the keeper was perhaps not told
//   24   8  weight    of the bytes, and of those of its buffers
//   32   2  home      the process that it goes back to; 0 if it is not lent
//   64   16 each      handle_ref {object, role}
//   ...               the bytes, at the next multiple of 64
//
// The handles in a block are holds of their ends: the keeper counts them when it asks whether an end is still held.
//
// A buffer is a block of the same form, without handles. One that lies in a parcel goes where the parcel goes: sent
// before it, received before it, and freed with it, until whoever has received both takes it out, which the list says.
// An open file is a buffer of no bytes (open_file.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <troupe/detail/outgoing.hpp>

#include "mail/open_file.hpp"
#include "shm/program_memory.hpp"

namespace troupe::mail {

// What a record says of its parcel.
struct parcel_label {
    std::uint64_t block = 0;
    std::uint64_t stamp = 0;
    std::uint64_t length = 0;
    std::uint64_t weight = 0;
};

// Of a parcel that this process has packed.
parcel_label label_of(const shm::program_memory& memory, shm::block_id block) noexcept;
// Whether the block is still the parcel that was stamped so.
bool is_stamped(const shm::program_memory& memory, shm::block_id block, std::uint64_t stamp) noexcept;

// In a process that has just begun: it may be a copy of another, whose stamps are not its own.
void take_new_stamps() noexcept;

// The bytes of a message, and of its buffers: what counts against what may be on its way at a time.
std::uint64_t weight_of(shm::program_memory& memory, const detail::outgoing& message);

// Throws out_of_memory. The parcel belongs to `owner` until it is sent; the message's buffers are the parcel's.
parcel_label pack_parcel(shm::program_memory& memory, shm::owner_id owner, detail::outgoing& message);

// Takes over a parcel that was sent by `from`; nothing when the block is not what the label says.
std::optional<detail::incoming> unpack_parcel(shm::program_memory& memory, const parcel_label& label,
                                              shm::owner_id from, shm::owner_id to);
std::optional<detail::incoming> unpack_parcel(shm::program_memory& memory, shm::block_id block, std::uint64_t stamp,
                                              shm::owner_id from, shm::owner_id to);
// Makes a parcel the owner's, and the buffers in it: what `unpack_parcel` does, for one that has no label. False: it is
// not there to be received.
bool receive_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id from, shm::owner_id to);
// It is committed: no longer the sender's, unless a receiver was faster.
void send_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id from);
// What is in a block, without taking it over.
std::optional<detail::incoming> look_into_parcel(shm::program_memory& memory, shm::block_id block);

// --- a parcel that is lent: who receives it works in it and hands it back to its home, with the buffers that are in it
// by then; if that process dies, the keeper hands it back. Its home may look into it all the time.

// A parcel of so many bytes, to be filled by its owner, with room for as many handles as there can be. Throws
// out_of_memory.
shm::block_id make_lent_parcel(shm::program_memory& memory, shm::owner_id home, std::size_t bytes);
std::span<std::byte> bytes_of_lent_parcel(const shm::program_memory& memory, shm::block_id block) noexcept;
// What it lists from now on; nothing was listed before.
void list_in_lent_parcel(shm::program_memory& memory, shm::block_id block, std::span<const detail::handle_ref> handles);
void list_one_more(shm::program_memory& memory, shm::block_id block, const detail::handle_ref& handle);
shm::owner_id home_of(const shm::program_memory& memory, shm::block_id block) noexcept;
// From its owner. A home that has died meanwhile has nobody who would free it: then the owner keeps it.
enum class hand_back { handed, not_lent, home_is_dead };
hand_back hand_back_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id from);
bool is_handed_back(const shm::program_memory& memory, shm::block_id block, shm::owner_id home);
// It is its home's own again.
void take_back_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id home);
// Whether it was handed back to `home` when that was dead: nobody knows of it any more.
bool is_stranded(const shm::program_memory& memory, shm::block_id block, shm::owner_id home);

// Throws out_of_memory.
shm::block_id take_buffer(shm::program_memory& memory, shm::owner_id owner, std::size_t bytes);
std::span<std::byte> buffer_bytes(shm::program_memory& memory, shm::block_id block);
detail::handle_ref refer_to_buffer(shm::program_memory& memory, shm::block_id block);
// The block that a buffer's handle names; none when that was freed since.
shm::block_id buffer_of(shm::program_memory& memory, const detail::handle_ref& ref);
// Out of a parcel that is the owner's; throws corrupt when it is not in it.
shm::block_id take_out_buffer(shm::program_memory& memory, shm::owner_id owner, const detail::handle_ref& listed);
// Whether somebody took a buffer or an open file out, and died with it before the message was dealt with.
bool lacks_a_buffer(shm::program_memory& memory, const detail::incoming& content);

inline constexpr std::uint32_t most_handles = 64;
struct ends_let_go {
    std::uint32_t count = 0;
    bool files = false;  // some are with the keeper that nobody will ask for
    std::uint64_t channels[most_handles];
};
// Lists nothing from now on, and its buffers are free; gives the channels whose ends were listed, now or by somebody
// who died in the middle of this.
ends_let_go empty_parcel(shm::program_memory& memory, shm::block_id block);

// Frees a parcel, or a buffer. What still names it, by its stamp, does not find it any more, nor whoever has it next
// before that one has stamped it.
void free_block(shm::program_memory& memory, shm::block_id block);

// Frees it. The channels whose ends were listed in it are to be looked at by the keeper: `look_at(channel)`. It is free
// when that has been said: whoever dies before leaves the block, and the keeper looks.
template <class LookAt>
void discard_parcel(shm::program_memory& memory, shm::block_id block, LookAt&& look_at) {
    const ends_let_go held = empty_parcel(memory, block);
    for (std::uint32_t i = 0; i < held.count; ++i) look_at(shm::channel_id{held.channels[i]});
    if (held.files) look_at(every_file);
    free_block(memory, block);
}

// An entry of a list that others may look at while it is written. They see its object and role each whole, and find
// out by other means when the two do not belong together.
detail::handle_ref listed_at(const detail::handle_ref& entry) noexcept;

}  // namespace troupe::mail
