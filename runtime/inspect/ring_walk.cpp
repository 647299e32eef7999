#include "inspect/ring_walk.hpp"

#include <algorithm>
#include <chrono>
#include <troupe/detail/message_frame.hpp>
#include <troupe/detail/outgoing.hpp>

#include "base/clock.hpp"
#include "inspect/program_file.hpp"
#include "mail/batch.hpp"
#include "mail/envelope.hpp"
#include "mail/parcel_header.hpp"

namespace troupe::inspect {
namespace {

// What the frames of messages for the channel say of whom they are for.
std::uint32_t target_of(const shm::program_view& view, const shm::channel_record& channel) noexcept {
    const std::uint32_t reader = channel.reader.get();
    if (channel.has_one_reader() && reader < view.processes().reached()) {
        return static_cast<std::uint32_t>(view.process(static_cast<std::uint16_t>(reader)).actor().serial());
    }
    return static_cast<std::uint32_t>(channel.name().generation());
}

// The position + 1 of the record whose message is in hand, of an actor that gets its messages again; 0: none.
std::uint64_t place_in_hand(const shm::program_view& view, const shm::channel_record& channel) noexcept {
    const std::uint32_t reader = channel.reader.get();
    if (channel.kind.get() != shm::channel_kind::mailbox || reader >= view.processes().reached()) return 0;
    const shm::message_handling& handling = view.process(static_cast<std::uint16_t>(reader)).handling;
    return handling.type.get() != 0 ? handling.delivery.place() : 0;
}

// The low bits of the ms, of low bits of µs: both are of the same clock, and mean the last moment that has these.
std::uint32_t ms_of_us(std::uint32_t us) noexcept {
    const auto now = base::steady_clock::now().time_since_epoch();
    const auto now_us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    const std::uint32_t age_us = static_cast<std::uint32_t>(now_us) - us;
    return static_cast<std::uint32_t>((now_us - age_us) / 1000);
}

ring_message message_of(const shm::ring_survey::found& record, const detail::message_frame& frame) {
    ring_message one;
    one.position = record.position;
    one.writer = record.owner;
    one.type = frame.type;
    one.flat = (frame.flags & detail::flat_message) != 0;
    one.request = frame.is_request();
    if (one.request) one.number = frame.request;
    if (frame.is_timed()) one.sent_ms = frame.request;
    if ((frame.flags & detail::timed_in_us) != 0) one.sent_ms = ms_of_us(frame.request);
    return one;
}

void visit_batch(std::span<const std::byte> body, std::uint32_t consumed, ring_message one,
                 const std::function<void(const ring_message&)>& visit) {
    const std::uint32_t count = mail::count_of_batch(body);
    for (std::uint32_t i = consumed; i < count; ++i) {
        const auto part = mail::part_of_batch(body, i);
        if (!part) return;
        one.content = *part;
        one.bytes = part->size();
        visit(one);
    }
}

void visit_record(const shm::ring_survey::found& record, std::uint32_t target,
                  const std::function<void(const ring_message&)>& visit) {
    const mail::envelope envelope({record.position, const_cast<std::byte*>(record.payload.data()),
                                   static_cast<std::uint32_t>(record.payload.size()), record.kind});
    if (!envelope.has_frame() || envelope.frame().target != target) return;  // the reader drops it
    ring_message one = message_of(record, envelope.frame());
    if (envelope.is(mail::batch_record)) return visit_batch(envelope.body(), record.parts, one, visit);
    if (envelope.is(mail::plain_record)) {
        one.content = envelope.body();
        one.bytes = one.content.size();
    } else if (const auto label = envelope.label()) {
        one.label = label;
        one.bytes = label->length;
    } else {
        return;
    }
    visit(one);
}

constexpr std::size_t handles_at = 64;

std::size_t bytes_at(std::size_t handles) { return (handles_at + handles * sizeof(detail::handle_ref) + 63) / 64 * 64; }

}  // namespace

bool can_write(const shm::program_view& view, shm::owner_id owner) noexcept {
    const std::uint16_t slot = owner.slot();
    if (slot >= view.processes().reached() && slot != shm::keeper_slot) return false;
    return !view.processes().owners().is_dead(owner);
}

walked walk_messages(const shm::program_view& view, const shm::channel_record& channel, const shm::ring& ring,
                     const std::function<void(const ring_message&)>& visit) {
    walked result;
    const std::uint32_t target = target_of(view, channel);
    const std::uint64_t in_hand = place_in_hand(view, channel);
    shm::ring_survey survey(ring);
    shm::ring_survey::found record;
    while (survey.next(record)) {
        if (record.what == shm::surveyed::in_flight) {
            const bool alive = can_write(view, record.owner);
            result.torn += alive ? 0 : 1;
            ring_message one;
            one.position = record.position;
            one.in_flight = true;
            one.writer = record.owner;
            if (alive) visit(one);
            continue;
        }
        if (record.taken && can_write(view, record.taker)) continue;  // it is being received
        if (record.position + 1 == in_hand) continue;
        visit_record(record, target, visit);
    }
    result.damaged = survey.damaged();
    return result;
}

std::optional<std::vector<std::byte>> read_parcel(const shm::program_view& view, const mail::parcel_label& label) {
    const shm::block_id block{label.block};
    const shm::block_store& blocks = view.blocks();
    if (!blocks.valid(block) || block.size_class() >= shm::message_classes) return std::nullopt;
    const int file = view.memory().fd();
    const std::uint64_t offset = view.memory().offset_of(blocks.at(block));
    const auto read_header = [&](mail::parcel_header& into) {
        return read_at(file, offset, {reinterpret_cast<std::byte*>(&into), sizeof into}) && into.stamp() == label.stamp;
    };
    mail::parcel_header before{}, after{};
    if (label.stamp == mail::no_stamp || !read_header(before) || before.handles() > mail::most_handles) {
        return std::nullopt;
    }
    const std::size_t from = bytes_at(before.handles());
    if (from > blocks.bytes(block) || label.length > blocks.bytes(block) - from) return std::nullopt;
    std::vector<std::byte> bytes(label.length);
    if (!read_at(file, offset + from, bytes) || !read_header(after)) return std::nullopt;
    return bytes;
}

}  // namespace troupe::inspect
