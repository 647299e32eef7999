// The compiled core of buffers: parcels of nothing but their bytes, which their owner may write to.
#include <troupe/buffer.hpp>
#include <troupe/error.hpp>

#include <string>

#include "channel/participant.hpp"
#include "mail/parcel.hpp"

namespace troupe {

buffer::buffer(std::size_t bytes) {
    if (bytes == 0) return;
    if (bytes > detail::largest_message) {
        throw too_large("a buffer of " + std::to_string(bytes) + " bytes: 1 GiB is the most; use several");
    }
    channel::participant& here = channel::participant::here();
    const shm::block_id block =
        channel::or_make_room(here, [&] { return mail::take_buffer(here.memory(), here.owner(), bytes); });
    block_ = block.value;
    data_ = mail::buffer_bytes(here.memory(), block).data();
    size_ = bytes;
}

// It may outlive `run`, or be a copy in a forked child: then there is nothing to give back.
void buffer::free_block() noexcept {
    const shm::block_id block{std::exchange(block_, 0)};
    data_ = nullptr;
    size_ = 0;
    channel::participant* const here = channel::participant::current();
    if (here == nullptr || !here->memory().blocks().belongs_to(block, here->owner())) return;
    mail::free_block(here->memory(), block);
}

namespace detail {

handle_ref handle_traits<buffer>::refer(const buffer& held) {
    if (held.block_ == 0) return {0, buffer_role};
    if (held.block_ == buffer::moved_away) {
        throw misuse(
            "this buffer was moved away before, by std::move or by a send of its message; put a new one there");
    }
    const shm::block_id block{held.block_};
    channel::participant& here = channel::participant::here();
    if (!here.memory().blocks().belongs_to(block, here.owner())) {
        throw misuse("this buffer belongs to the process this one was forked from; pass it as an argument of spawn");
    }
    held.data_ = nullptr;
    held.size_ = 0;
    held.block_ = buffer::moved_away;
    return mail::refer_to_buffer(here.memory(), block);
}

void handle_traits<buffer>::give_back(const void* home, handle_ref& ref) {
    if (ref.object != 0) adopt(*static_cast<buffer*>(const_cast<void*>(home)), ref);
}

void handle_traits<buffer>::adopt(buffer& into, const handle_ref& ref) {
    if ((ref.role & every_role) != buffer_role) {
        throw corrupt("a handle in a message is of another kind than the message's type says");
    }
    if (ref.object == 0) return;
    channel::participant& here = channel::participant::here();
    const shm::block_id block = mail::take_out_buffer(here.memory(), here.owner(), ref);
    into.block_ = block.value;
    into.data_ = here.memory().blocks().at(block);  // so that it is freed should it be damaged
    const std::span<std::byte> bytes = mail::buffer_bytes(here.memory(), block);
    into.data_ = bytes.data();
    into.size_ = bytes.size();
}

}  // namespace detail
}  // namespace troupe
