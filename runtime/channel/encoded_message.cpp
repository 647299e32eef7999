#include <troupe/detail/encoded_message.hpp>

#include <array>
#include <cstddef>
#include <string>

#include <troupe/detail/decoded.hpp>
#include <troupe/error.hpp>

#include "channel/cell_port.hpp"
#include "channel/own_files.hpp"
#include "channel/participant.hpp"
#include "channel/port.hpp"
#include "mail/parcel.hpp"

namespace troupe::detail {

namespace {

constexpr std::size_t largest_spare_buffer = std::size_t{1} << 20;

// Kept until the process ends, or this library is unloaded.
constinit std::array<outgoing*, 16> spare_buffers{};
constinit std::size_t spare = 0;
[[gnu::destructor]] void drop_spare_buffers() {
    while (spare > 0) delete spare_buffers[--spare];
}

void give_back(const handle_ref& one) noexcept {
    channel::participant* const here = channel::participant::current();
    if (here == nullptr || (one.role & taken_role) != 0) return;
    if (mail::is_file(one)) {
        here->files().drop(one);
    } else if ((one.role & buffer_role) != 0) {
        const shm::block_id block = mail::buffer_of(here->memory(), one);
        if (block && here->memory().blocks().belongs_to(block, here->owner())) mail::free_block(here->memory(), block);
    } else if (shm::cell_id::is_one(one.object)) {
        if (channel::cell_port* const held = here->cells().find(shm::cell_id{one.object})) held->release();
    } else if (channel::port* held = here->find_port(shm::channel_id{one.object})) {
        held->release(one.role);
    }
}

}  // namespace

encoded_message::encoded_message() : out_(spare > 0 ? spare_buffers[--spare] : new outgoing) {}

void refuse_handles(encoded_message& message) {
    static_assert(most_handles_sent == mail::most_handles);
    const std::size_t there = message->handles.size();
    message.put_back_moved();
    throw too_large("a message carries " + std::to_string(there) +
                    " handles, and 64 is the most; send them in several messages");
}

// What cannot be put back goes with the message.
void encoded_message::put_back_moved(std::span<const handle_ref> packed) noexcept {
    for (const moved_handle& one : out_->moved) {
        handle_ref& from = packed.empty() ? out_->handles[one.index] : const_cast<handle_ref&>(packed[one.index]);
        try {
            one.give_back(one.home, from);
        } catch (const error&) {
        }
    }
    out_->moved.clear();
}

void encoded_message::let_go() noexcept {
    for (const handle_ref& one : out_->handles) give_back(one);
    out_->clear();
    if (spare < spare_buffers.size() && out_->bytes.capacity() <= largest_spare_buffer) {
        spare_buffers[spare++] = out_;
    } else {
        delete out_;
    }
}

}  // namespace troupe::detail
