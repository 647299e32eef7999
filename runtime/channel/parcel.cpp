#include "channel/parcel.hpp"

#include <cstring>
#include <string>

#include <troupe/error.hpp>

#include "base/step.hpp"

namespace troupe::channel {
namespace {

constexpr std::size_t handles_at = 64;
constexpr std::uint32_t most_handles = 64;

constexpr std::size_t bytes_at(std::size_t handles) {
    return (handles_at + handles * sizeof(detail::handle_ref) + 63) / 64 * 64;
}

std::uint64_t next_stamp(shm::owner_id owner) {
    static std::uint64_t count = 0;
    return std::uint64_t{owner.value} << 48 | ++count;
}

}  // namespace

parcel_label pack_parcel(shm::program_memory& memory, shm::owner_id owner, const detail::outgoing& message) {
    if (message.handles.size() > most_handles) {
        throw too_large("a message carries " + std::to_string(message.handles.size()) +
                        " handles, and 64 is the most; send them in several messages");
    }
    const std::size_t at = bytes_at(message.handles.size());
    const shm::block_id block = memory.blocks().take(at + message.bytes.size(), owner);
    std::byte* start = memory.blocks().at(block);
    auto* header = reinterpret_cast<parcel_header*>(start);
    const std::uint64_t stamp = next_stamp(owner);
    // crash: the owner's, with the old handles listed; the keeper frees it, and looks once too often
    header->handles.store(0, std::memory_order_release);    // sync: parcel - publishes that nothing is listed yet
    header->stamp.store(stamp, std::memory_order_release);  // sync: parcel - publishes who wrote it
    header->length = message.bytes.size();
    auto* handles = reinterpret_cast<detail::handle_ref*>(start + handles_at);
    for (std::size_t i = 0; i < message.handles.size(); ++i) handles[i] = message.handles[i];
    TROUPE_STEP("parcel: handles written");
    // crash: the owner's; the keeper frees it
    // sync: parcel - publishes the handles
    header->handles.store(static_cast<std::uint32_t>(message.handles.size()), std::memory_order_release);
    if (!message.bytes.empty()) std::memcpy(start + at, message.bytes.data(), message.bytes.size());
    TROUPE_STEP("parcel: packed");
    return {block.value, stamp, message.bytes.size()};
}

std::optional<detail::incoming> look_into_parcel(shm::program_memory& memory, shm::block_id block) {
    if (!memory.blocks().valid(block)) return std::nullopt;
    std::byte* start = memory.blocks().at(block);
    const auto* header = reinterpret_cast<const parcel_header*>(start);
    const std::size_t room = memory.blocks().bytes(block);
    const std::uint32_t count = header->handles.load(std::memory_order_acquire);  // sync: parcel - observes the handles
    const std::uint64_t length = header->length;
    if (count > most_handles || length > room || bytes_at(count) + length > room) return std::nullopt;
    detail::incoming content;
    content.handles = {reinterpret_cast<const detail::handle_ref*>(start + handles_at), count};
    content.bytes = {start + bytes_at(count), length};
    return content;
}

std::optional<detail::incoming> unpack_parcel(shm::program_memory& memory, const parcel_label& label,
                                              shm::owner_id from, shm::owner_id to) {
    const shm::block_id block{label.block};
    if (!memory.blocks().valid(block) || memory.blocks().is_free(block)) return std::nullopt;
    const auto* header = reinterpret_cast<const parcel_header*>(memory.blocks().at(block));
    // sync: parcel - observes who wrote it
    if (header->stamp.load(std::memory_order_acquire) != label.stamp) return std::nullopt;
    if (!memory.blocks().receive(block, from, to, memory.owners())) return std::nullopt;
    TROUPE_STEP("parcel: received");
    auto content = look_into_parcel(memory, block);
    if (content && content->bytes.size() != label.length) return std::nullopt;
    return content;
}

}  // namespace troupe::channel
