#include "mail/parcel.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include <troupe/error.hpp>

#include "base/step.hpp"
#include "mail/open_file.hpp"
#include "mail/parcel_header.hpp"

namespace troupe::mail {
namespace {

constexpr std::size_t handles_at = 64;

constexpr std::size_t bytes_at(std::size_t handles) {
    return (handles_at + handles * sizeof(detail::handle_ref) + 63) / 64 * 64;
}

// Stamps come from one count in the header, many at a time, and never again: neither from the next process of a slot
// nor from a copy of this one.
constexpr std::uint64_t stamps_at_a_time = 1u << 12;
struct stamp_range {
    std::uint64_t next = 0, end = 0;
};
constinit stamp_range own_stamps;

std::uint64_t next_stamp(shm::program_memory& memory) {
    if (own_stamps.next == own_stamps.end) {
        own_stamps.next = memory.header().stamps.take(stamps_at_a_time);
        own_stamps.end = own_stamps.next + stamps_at_a_time;
    }
    return ++own_stamps.next;
}

parcel_header& header_of(const shm::program_memory& memory, shm::block_id block) noexcept {
    return *reinterpret_cast<parcel_header*>(memory.blocks().at(block));
}

void list(detail::handle_ref& entry, const detail::handle_ref& handle) noexcept {
    // relaxed, both: published by the count of handles
    std::atomic_ref(entry.object).store(handle.object, std::memory_order_relaxed);
    std::atomic_ref(entry.role).store(handle.role, std::memory_order_relaxed);
}

constexpr unsigned place_shift = 4, index_bits = 17;
static_assert(shm::largest_block_bits < 32, "a block's place fits behind a role");

template <class Visit>
void for_each_buffer(shm::program_memory& memory, shm::block_id parcel, Visit&& visit) {
    const auto content = look_into_parcel(memory, parcel);
    if (!content) return;
    for (const detail::handle_ref& one : content->handles) {
        if (const shm::block_id block = buffer_of(memory, listed_at(one))) visit(block);
    }
}

}  // namespace

void take_new_stamps() noexcept { own_stamps = {}; }

parcel_label label_of(const shm::program_memory& memory, shm::block_id block) noexcept {
    const parcel_header& header = header_of(memory, block);
    return {block.value, header.stamp(), header.length(), header.weight()};
}

bool is_stamped(const shm::program_memory& memory, shm::block_id block, std::uint64_t stamp) noexcept {
    return stamp != no_stamp && header_of(memory, block).stamp() == stamp;
}

std::uint64_t weight_of(shm::program_memory& memory, const detail::outgoing& message) {
    std::uint64_t weight = message.bytes.size();
    for (const detail::handle_ref& one : message.handles) {
        if (is_file(one)) {
            weight += file_weight;
        } else if (const shm::block_id block = buffer_of(memory, one)) {
            weight += buffer_bytes(memory, block).size();
        }
    }
    return weight;
}

parcel_label pack_parcel(shm::program_memory& memory, shm::owner_id owner, detail::outgoing& message) {
    if (message.handles.size() > most_handles) {
        throw too_large("a message carries " + std::to_string(message.handles.size()) +
                        " handles, and 64 is the most; send them in several messages");
    }
    const std::size_t at = bytes_at(message.handles.size());
    const shm::block_id block = memory.blocks().take(at + message.bytes.size(), owner);
    std::byte* start = memory.blocks().at(block);
    parcel_header& header = header_of(memory, block);
    header.begin(next_stamp(memory), message.bytes.size());
    header.set_weight(weight_of(memory, message));
    auto* handles = reinterpret_cast<detail::handle_ref*>(start + handles_at);
    for (std::size_t i = 0; i < message.handles.size(); ++i) list(handles[i], message.handles[i]);
    TROUPE_STEP("parcel: handles written");
    // crash: the owner's; the keeper frees it
    header.list(static_cast<std::uint32_t>(message.handles.size()));
    if (!message.bytes.empty()) std::memcpy(start + at, message.bytes.data(), message.bytes.size());
    TROUPE_STEP("parcel: packed");
    std::erase_if(message.handles, [](const detail::handle_ref& one) { return (one.role & detail::buffer_role) != 0; });
    return label_of(memory, block);
}

std::optional<detail::incoming> look_into_parcel(shm::program_memory& memory, shm::block_id block) {
    if (!memory.blocks().valid(block)) return std::nullopt;
    std::byte* start = memory.blocks().at(block);
    const parcel_header& header = header_of(memory, block);
    const std::size_t room = memory.blocks().bytes(block);
    const std::uint32_t count = header.handles();
    const std::uint64_t length = header.length();
    if (count > most_handles || length > room || bytes_at(count) + length > room) return std::nullopt;
    detail::incoming content;
    content.handles = {reinterpret_cast<const detail::handle_ref*>(start + handles_at), count};
    content.bytes = {start + bytes_at(count), length};
    return content;
}

std::optional<detail::incoming> unpack_parcel(shm::program_memory& memory, const parcel_label& label,
                                              shm::owner_id from, shm::owner_id to) {
    auto content = unpack_parcel(memory, shm::block_id{label.block}, label.stamp, from, to);
    if (content && content->bytes.size() != label.length) return std::nullopt;
    return content;
}

std::optional<detail::incoming> unpack_parcel(shm::program_memory& memory, shm::block_id block, std::uint64_t stamp,
                                              shm::owner_id from, shm::owner_id to) {
    if (!memory.blocks().valid(block) || memory.blocks().is_free(block)) return std::nullopt;
    if (header_of(memory, block).stamp() != stamp || !receive_parcel(memory, block, from, to)) return std::nullopt;
    return look_into_parcel(memory, block);
}

bool receive_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id from, shm::owner_id to) {
    // crash: these are the dead one's, and the parcel is as before; its next receiver gets them from there
    for_each_buffer(memory, block,
                    [&](shm::block_id one) { memory.blocks().receive(one, from, to, memory.processes().owners()); });
    TROUPE_STEP("parcel: buffers received");
    if (!memory.blocks().receive(block, from, to, memory.processes().owners())) return false;
    TROUPE_STEP("parcel: received");
    return true;
}

void send_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id from) {
    for_each_buffer(memory, block, [&](shm::block_id one) { memory.blocks().send(one, from); });
    TROUPE_STEP("parcel: buffers sent");
    memory.blocks().send(block, from);
}

void free_block(shm::program_memory& memory, shm::block_id block) {
    header_of(memory, block).unstamp();
    TROUPE_STEP("block: without a stamp");
    memory.blocks().release(block);
}

ends_let_go empty_parcel(shm::program_memory& memory, shm::block_id block) {
    ends_let_go held;
    shm::block_id buffers[most_handles];
    std::uint32_t count = 0;
    const auto content = look_into_parcel(memory, block);
    if (!content) return held;
    parcel_header& header = header_of(memory, block);
    for (const detail::handle_ref& entry : content->handles) {
        const detail::handle_ref one = listed_at(entry);
        if ((one.role & (detail::buffer_role | detail::taken_role)) == 0) {
            held.channels[held.count++] = one.object;
        } else if (const shm::block_id in_it = buffer_of(memory, one)) {
            if (!memory.blocks().goes_with(in_it, block, memory.processes().owners())) continue;
            buffers[count++] = in_it;
            held.files = held.files || is_file(one);
        }
    }
    if (content->handles.empty()) {
        const std::uint32_t before = std::min(header.let_go(), most_handles);
        for (const detail::handle_ref& entry : std::span(content->handles.data(), before)) {
            held.channels[held.count++] = listed_at(entry).object;
        }
        return held;
    }
    // Not listed any more before the keeper is told: it would find them there. And before its buffers are free: freed
    // once more, they might be somebody else's by then.
    header.note_let_go(static_cast<std::uint32_t>(content->handles.size()));
    header.list(0);
    TROUPE_STEP("parcel: nothing listed");
    // crash: each is the dead one's, and the keeper frees it
    for (std::uint32_t i = 0; i < count; ++i) free_block(memory, buffers[i]);
    return held;
}

detail::handle_ref listed_at(const detail::handle_ref& entry) noexcept {
    auto& shared = const_cast<detail::handle_ref&>(entry);
    // relaxed, both: observed through the count of handles
    return {std::atomic_ref(shared.object).load(std::memory_order_relaxed),
            std::atomic_ref(shared.role).load(std::memory_order_relaxed)};
}

// --- lent ----------------------------------------------------------------------------------------------------------

namespace {
constexpr std::size_t lent_bytes_at = bytes_at(most_handles);
}

shm::block_id make_lent_parcel(shm::program_memory& memory, shm::owner_id home, std::size_t bytes) {
    const shm::block_id block = memory.blocks().take(lent_bytes_at + bytes, home);
    parcel_header& header = header_of(memory, block);
    header.begin(next_stamp(memory), bytes);
    header.set_weight(bytes);
    header.set_home(home);
    return block;
}

std::span<std::byte> bytes_of_lent_parcel(const shm::program_memory& memory, shm::block_id block) noexcept {
    return {memory.blocks().at(block) + lent_bytes_at, memory.blocks().bytes(block) - lent_bytes_at};
}

void list_in_lent_parcel(shm::program_memory& memory, shm::block_id block,
                         std::span<const detail::handle_ref> handles) {
    auto* const list_of_it = reinterpret_cast<detail::handle_ref*>(memory.blocks().at(block) + handles_at);
    for (std::size_t i = 0; i < handles.size(); ++i) list(list_of_it[i], handles[i]);
    TROUPE_STEP("lent parcel: handles written");
    // crash: the owner's; the keeper hands it back, with what is listed
    header_of(memory, block).list(static_cast<std::uint32_t>(handles.size()));
}

void list_one_more(shm::program_memory& memory, shm::block_id block, const detail::handle_ref& handle) {
    const std::uint32_t before = header_of(memory, block).handles();
    list(reinterpret_cast<detail::handle_ref*>(memory.blocks().at(block) + handles_at)[before], handle);
    TROUPE_STEP("lent parcel: handle written");
    // crash: before, the owner's own block, which the keeper frees; after, it goes home with the parcel
    header_of(memory, block).list(before + 1);
}

shm::owner_id home_of(const shm::program_memory& memory, shm::block_id block) noexcept {
    return header_of(memory, block).home();
}

hand_back hand_back_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id from) {
    const shm::liveness who = memory.processes().owners();
    const parcel_header& header = header_of(memory, block);
    const shm::owner_id home = header.home();
    if (header.stamp() == no_stamp || home.nobody() || home == from) return hand_back::not_lent;
    if (who.is_dead(home)) return hand_back::home_is_dead;
    // crash: these are the home's, and the parcel is as before; the keeper hands it back
    for_each_buffer(memory, block, [&](shm::block_id one) { memory.blocks().inherit(one, from, home); });
    TROUPE_STEP("lent parcel: buffers handed back");
    if (!memory.blocks().hand_back(block, from, home)) return hand_back::not_lent;
    TROUPE_STEP("lent parcel: handed back");
    // Its home may have died just before, and what it had may have been freed by then.
    // crash: stranded; the keeper looks for that at each death
    if (!who.is_dead(home) || !memory.blocks().inherit(block, home, from)) return hand_back::handed;
    return hand_back::home_is_dead;
}

bool is_handed_back(const shm::program_memory& memory, shm::block_id block, shm::owner_id home) {
    return memory.blocks().is_withdrawn_by(block, home);
}

void take_back_parcel(shm::program_memory& memory, shm::block_id block, shm::owner_id home) {
    memory.blocks().inherit(block, home, home);
}

bool is_stranded(const shm::program_memory& memory, shm::block_id block, shm::owner_id home) {
    return memory.blocks().is_withdrawn_by(block, home) && header_of(memory, block).home() == home &&
           memory.processes().owners().is_dead(home);
}

// --- buffers -------------------------------------------------------------------------------------------------------

shm::block_id take_buffer(shm::program_memory& memory, shm::owner_id owner, std::size_t bytes) {
    const shm::block_id block = memory.blocks().take(bytes_at(0) + bytes, owner);
    header_of(memory, block).begin(next_stamp(memory), bytes);
    TROUPE_STEP("buffer: taken");
    return block;
}

std::span<std::byte> buffer_bytes(shm::program_memory& memory, shm::block_id block) {
    std::byte* const start = memory.blocks().at(block);
    const std::uint64_t length = header_of(memory, block).length();
    if (length > memory.blocks().bytes(block) - bytes_at(0)) throw corrupt("a buffer in a message is damaged");
    return {start + bytes_at(0), length};
}

detail::handle_ref refer_to_buffer(shm::program_memory& memory, shm::block_id block) {
    const std::uint32_t place = block.size_class() << index_bits | block.index();
    return {header_of(memory, block).stamp(), detail::buffer_role | place << place_shift};
}

shm::block_id buffer_of(shm::program_memory& memory, const detail::handle_ref& ref) {
    const std::uint32_t role = ref.role & detail::every_role;
    if ((role != detail::buffer_role && role != detail::file_role) || ref.object == 0) return {};
    const std::uint32_t place = ref.role >> place_shift;
    const shm::block_id block = shm::block_id::make(place >> index_bits, place & ((1u << index_bits) - 1));
    if (!memory.blocks().valid(block) || block.size_class() >= shm::message_classes || memory.blocks().is_free(block)) {
        return {};
    }
    return header_of(memory, block).stamp() == ref.object ? block : shm::block_id{};
}

shm::block_id take_out_buffer(shm::program_memory& memory, shm::owner_id owner, const detail::handle_ref& listed) {
    const shm::block_id block = buffer_of(memory, listed);
    if (!block || !memory.blocks().belongs_to(block, owner)) throw corrupt("a buffer in a message is not there");
    // The list is in a parcel of this process.
    // crash: the dead one's, in no parcel any more; the keeper frees it
    // sync: parcel - publishes that it is not listed
    std::atomic_ref(const_cast<detail::handle_ref&>(listed).role).store(detail::taken_role, std::memory_order_release);
    TROUPE_STEP("buffer: taken out");
    return block;
}

bool lacks_a_buffer(shm::program_memory& memory, const detail::incoming& content) {
    return std::any_of(content.handles.begin(), content.handles.end(), [&](const detail::handle_ref& one) {
        return one.role == detail::taken_role || (is_file(one) && !buffer_of(memory, one));
    });
}

}  // namespace troupe::mail
