#include "inspect/channels.hpp"

#include <algorithm>
#include <iterator>

#include "inspect/failure.hpp"

namespace troupe::inspect {
namespace {

// Of larger ones in use, the counts alone are read: a walk would take longer than what it shows stays true.
constexpr std::uint64_t most_walked = 65536;
constexpr std::uint32_t count_mask = 0x3ffff;

const char* name_of(shm::channel_kind kind) noexcept {
    static constexpr const char* names[] = {"mailbox", "replies", "queue", "pipe", "log"};
    const auto index = static_cast<std::size_t>(kind);
    return index < std::size(names) ? names[index] : "unknown";
}

// Messages between two looks. The counts go round; how many granules went by says how often.
double between(std::uint32_t before, std::uint32_t now, std::uint64_t granules) noexcept {
    const std::uint64_t few = (now - before) & count_mask;
    if (granules <= count_mask) return static_cast<double>(few);
    const std::uint64_t rounds = (granules - few) / (count_mask + 1);
    return static_cast<double>(few + rounds * (count_mask + 1));
}

channel_counts counts_of(const shm::channel_record& record, const shm::ring& ring) {
    channel_counts counts;
    counts.at = now_seconds();
    counts.claimed = shm::messages_claimed(ring);
    counts.passed = shm::messages_passed(ring);
    counts.tail = ring.tail_position();
    counts.head = ring.head_position();
    counts.received = record.items.received();
    return counts;
}

void set_rates(channel_row& row, const channel_counts& before, const channel_counts& now) {
    const double time = now.at - before.at;
    if (time <= 0) return;
    const auto moved = [](std::uint64_t from, std::uint64_t to) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(shm::distance(from, to), 0));
    };
    const double in = between(before.claimed, now.claimed, moved(before.tail, now.tail));
    const double out = row.kind == std::string("queue")
                           ? static_cast<double>(now.received - before.received)
                           : between(before.passed, now.passed, moved(before.head, now.head));
    row.in_per_second = in / time;
    row.out_per_second = out / time;
}

void note_oldest(std::optional<double>& oldest, std::optional<double> one) {
    if (one && (!oldest || *one < *oldest)) oldest = one;
}

}  // namespace

std::optional<channel_reader::open_channel> channel_reader::find(std::uint32_t index) const {
    if (index >= view_.channels().reached()) return std::nullopt;
    open_channel found;
    found.record = &view_.channel(static_cast<std::uint16_t>(index));
    found.id = found.record->name();
    if (!found.record->is_open() || found.id.index() != index) return std::nullopt;
    found.ring = view_.channels().find_ring(*found.record);
    const bool same = found.record->name() == found.id && found.record->is_open();
    return same ? std::optional(found) : std::nullopt;
}

// Of a request, its asker knows when it was sent.
std::optional<double> channel_reader::sent_at(const ring_message& message) const {
    if (message.request) return actors_.asked_at(message.writer.slot(), message.number);
    return message.sent_ms ? std::optional(whole_time(*message.sent_ms)) : std::nullopt;
}

channel_reader::depth channel_reader::measure(const open_channel& channel) const {
    depth it;
    if (const std::uint64_t granules = shm::granules_unread(*channel.ring); granules > most_walked) {
        it.messages = channel.ring->size();
        it.bytes = granules * shm::granule_bytes;
        it.at_most = true;
        return it;
    }
    const walked walk = walk_messages(view_, *channel.record, *channel.ring, [&](const ring_message& message) {
        ++it.messages;
        it.bytes += message.bytes;
        note_oldest(it.oldest, message.in_flight ? std::nullopt : sent_at(message));
    });
    it.damaged = walk.damaged;
    return it;
}

std::optional<mailbox_row> channel_reader::mailbox_of(std::uint16_t slot, std::vector<std::string>& damaged) const {
    const auto index = view_.process(slot).who.mailbox.index();
    const auto channel = index ? find(*index) : std::nullopt;
    if (!channel || channel->record->kind.get() != shm::channel_kind::mailbox ||
        channel->record->reader.get() != slot) {
        return std::nullopt;
    }
    if (!channel->ring) {
        damaged.push_back("slot " + std::to_string(slot) + ": its mailbox has no ring");
        return std::nullopt;
    }
    const depth it = measure(*channel);
    if (it.damaged) damaged.push_back("slot " + std::to_string(slot) + ": the ring of its mailbox");
    return mailbox_row{
        channel->id.value,         it.messages, it.bytes, it.oldest, shm::granules_unread(*channel->ring),
        channel->ring->granules(), it.at_most};
}

std::vector<std::uint64_t> channel_reader::actors_in(const shm::wait_set& slots) const {
    std::vector<std::uint64_t> found;
    slots.for_each([&](std::uint32_t slot) {
        if (const std::uint64_t id = actors_.in_slot(slot)) found.push_back(id);
    });
    return found;
}

channel_row channel_reader::row_of(const open_channel& channel, std::vector<std::string>& damaged) const {
    const shm::channel_record& record = *channel.record;
    channel_row row;
    row.id = channel.id.value;
    row.kind = name_of(record.kind.get());
    if (const std::uint32_t type = record.item_type.get(); type != 0) row.type = types_.name_of(type);
    row.made_by = record.maker.get();
    row.made_by_name = actors_.name_of(row.made_by);
    row.capacity = record.capacity.get();
    row.most_bytes = record.bytes.get();
    row.open = !channel.ring->closed();
    row.writers = actors_in(record.holders.writers());
    row.readers = actors_in(record.holders.readers());
    if (record.has_one_reader()) {
        const std::uint64_t reader = actors_.in_slot(record.reader.get());
        row.readers.assign(reader != 0 ? 1 : 0, reader);
    }
    const depth it = measure(channel);
    // That of a mailbox is told of its actor.
    if (it.damaged && record.kind.get() != shm::channel_kind::mailbox)
        damaged.push_back("channel " + std::to_string(channel.id.index()) + ": its ring");
    row.messages = it.messages;
    row.bytes = it.bytes;
    row.oldest = it.oldest;
    row.at_most = it.at_most;
    return row;
}

std::vector<channel_row> channel_reader::read_all(counts_by_channel& counts, std::vector<std::string>& damaged) const {
    std::vector<channel_row> rows;
    counts_by_channel now;
    for (std::uint32_t index = 0; index < view_.channels().reached(); ++index) {
        const auto channel = find(index);
        if (!channel) continue;
        if (!channel->ring) {
            damaged.push_back("channel " + std::to_string(index) + ": it has no ring");
            continue;
        }
        channel_row row = row_of(*channel, damaged);
        const channel_counts& present = now[row.id] = counts_of(*channel->record, *channel->ring);
        if (const auto before = counts.find(row.id); before != counts.end()) set_rates(row, before->second, present);
        if (channel->record->name() == channel->id) rows.push_back(std::move(row));
    }
    counts = std::move(now);
    return rows;
}

message_row channel_reader::row_of(const ring_message& message, bool contents) const {
    message_row row;
    row.in_flight = message.in_flight;
    row.from = actors_.owner(view_, message.writer);
    row.from_name = actors_.name_of(row.from);
    if (message.in_flight) return row;
    row.type_number = message.type;
    row.type = types_.name_of(message.type);
    row.bytes = message.bytes;
    row.flat = message.flat;
    row.request = message.request;
    row.sent = sent_at(message);
    if (!contents) return row;
    if (message.label) row.beside = content_place{message.label->block, message.label->stamp, message.label->length};
    row.content.assign(message.content.begin(), message.content.end());
    return row;
}

std::vector<message_row> channel_reader::messages(std::uint64_t id, bool contents) const {
    const auto channel = find(shm::channel_id{id}.index());
    if (!channel || channel->id.value != id) throw failure("that mailbox, queue or pipe is not there any more");
    if (!channel->ring) throw failure("the ring of that mailbox, queue or pipe is damaged");
    std::vector<message_row> rows;
    walk_messages(view_, *channel->record, *channel->ring, [&](const ring_message& message) {
        rows.push_back(row_of(message, contents));
        rows.back().index = rows.size() - 1;
    });
    return rows;
}

std::uint64_t channel_reader::reader_of(std::uint64_t id) const {
    const auto channel = find(shm::channel_id{id}.index());
    if (!channel || channel->id.value != id || channel->record->kind.get() != shm::channel_kind::mailbox) return 0;
    return actors_.in_slot(channel->record->reader.get());
}

bool channel_reader::has_unread_reply(std::uint16_t slot) const {
    const auto index = view_.process(slot).activity.replies.index();
    const auto channel = index ? find(*index) : std::nullopt;
    return channel && channel->ring && shm::granules_unread(*channel->ring) != 0;
}

// --- what is counted

std::vector<message_count> count_by_type(const std::vector<message_row>& messages) {
    std::map<std::uint32_t, message_count> types;
    for (const message_row& one : messages) {
        if (one.in_flight) continue;
        message_count& count = types[one.type_number];
        count.type = one.type;
        count.type_number = one.type_number;
        ++count.messages;
        count.bytes += one.bytes;
        note_oldest(count.oldest, one.sent);
    }
    std::vector<message_count> counts;
    counts.reserve(types.size());
    for (auto& [number, count] : types) counts.push_back(std::move(count));
    std::sort(counts.begin(), counts.end(), [](const message_count& a, const message_count& b) {
        return a.messages != b.messages ? a.messages > b.messages : a.type < b.type;
    });
    return counts;
}

std::vector<sender_count> count_by_sender(const std::vector<message_row>& messages) {
    std::map<std::uint64_t, sender_count> senders;
    for (const message_row& one : messages) {
        sender_count& count = senders[one.from];
        count.actor = one.from;
        count.name = one.from_name;
        ++count.messages;
    }
    std::vector<sender_count> counts;
    counts.reserve(senders.size());
    for (auto& [id, count] : senders) counts.push_back(std::move(count));
    std::sort(counts.begin(), counts.end(), [](const sender_count& a, const sender_count& b) {
        return a.messages != b.messages ? a.messages > b.messages : a.actor < b.actor;
    });
    return counts;
}

}  // namespace troupe::inspect
