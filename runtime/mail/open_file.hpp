// An open file in a message: a block of no bytes, which goes where its parcel goes, as a buffer does.
//
// The file itself lies with the keeper, under the stamp of that block, from before the parcel is sent. As long as the
// block is stamped, the file waits for whoever receives the message. The keeper takes the stamp off when it gives the
// file to the receiver; whoever drops the message takes it off too, because it frees the block. So one word says
// whether a file is still on its way, and the keeper closes those of which that word says no.
#pragma once

#include <cstdint>

#include <troupe/detail/outgoing.hpp>

#include "shm/program_memory.hpp"

namespace troupe::mail {

// What it counts of the bytes that may lie beside a ring.
inline constexpr std::uint64_t file_weight = std::uint64_t{64} << 10;

// What is to be looked at when messages with open files were dropped: all of them.
inline constexpr shm::channel_id every_file{~std::uint64_t{0}};

// What the keeper says to whoever hands it a file, or wants one.
enum class file_answer : std::int32_t {
    done,
    too_many,   // are on their way in messages
    no_number,  // is left, here or with the keeper
    not_open,   // the number that was to be handed over
    not_there,  // it was given before, or the message is damaged
    not_now,    // too many of this user's are in the kernel, between two processes
};

bool is_file(const detail::handle_ref& ref) noexcept;
// Throws out_of_memory.
detail::handle_ref make_file(shm::program_memory& memory, shm::owner_id owner);

// For the keeper. Of a file that is on its way: its block says that it has been given; and, where that failed, that it
// has not.
void mark_given(shm::program_memory& memory, shm::block_id file) noexcept;
void unmark_given(shm::program_memory& memory, shm::block_id file, const detail::handle_ref& ref) noexcept;

}  // namespace troupe::mail
