// Which channels somebody still holds, in a process or on its way.
//
// An end is held by a process, which its bit in the record says, or listed in a parcel. Nobody can look at all of that
// at one moment, but `version` changes before each change of a process's bit: what was found of a channel is true if
// its version is afterwards what it was before. All that is due is answered by one look at the parcels.
//
// That leaves what nobody can reach: a queue that lies in itself, two that lie in each other, an end of a pipe that was
// sent through it. They are listed, in rings that nobody will ever read. So the channels of which parcels alone hold an
// end are remembered, and when there are twice as many as were left the last time (or somebody is out of memory) it is
// marked what can be reached: from all other channels, and from the parcels that some process has, through the rings
// whose receiving end is reached.
//
// Others go on meanwhile. An end that moves while marks are made is never taken for lost:
//   - it was listed in a parcel on its way, in a ring that was reached, and the walk did not meet the record: then the
//     record was consumed before the walk came there, and its reader had the parcel by then. So the parcels that
//     processes have are looked at again after the walk.
//   - that reader has taken the end out and dropped the parcel: then its bit stood before that, and the version has
//     changed. So the versions are looked at last.
// What is found in either way is reached; the marking goes on from there until a look finds nothing new.
#include <algorithm>
#include <cstring>

#include <troupe/detail/end_hold.hpp>

#include "base/step.hpp"
#include "keeper/retirement.hpp"
#include "mail/parcel.hpp"

namespace troupe::keepers {
namespace {

constexpr int most_looks = 8;  // at channels whose holders change all the time, in one go

std::uint8_t holders(const shm::channel_record& record) {
    std::uint8_t ends = 0;
    if (!record.holders.readers().empty()) ends |= detail::receiving_end;
    if (!record.holders.writers().empty()) ends |= detail::sending_end;
    return ends;
}

// The parts that somebody has to have lest the channel be closed or freed; 0 of one that is not counted so. The ring of
// the log is the program's. Whoever makes one holds it until it is, or another has become that.
std::uint32_t needed(const shm::program_memory& memory, const shm::channel_record& record) {
    const bool counted = record.is_open() && !record.has_one_reader() && record.name() != memory.header().log.ring();
    return counted ? std::uint32_t{detail::both_ends} : 0;
}

// With an end of a queue whoever has it can do both.
bool enough(const shm::channel_record& record, std::uint32_t held) {
    return record.kind.get() == shm::channel_kind::pipe ? held == detail::both_ends : held != 0;
}

template <class Visit>
void for_each_listed(shm::program_memory& memory, shm::block_id parcel, Visit&& visit) {
    const auto content = mail::look_into_parcel(memory, parcel);
    if (!content) return;
    for (const detail::handle_ref& entry : content->handles) {
        const detail::handle_ref one = mail::listed_at(entry);
        if ((one.role & detail::every_role & ~std::uint32_t{detail::both_ends}) == 0) visit(one);
    }
}

}  // namespace

// False: some are left, whose holders change all the time.
bool retirement::decide() noexcept {
    for (int looks = 0; !due_.empty() && looks < most_looks; ++looks) {
        for (std::size_t i = due_.next(0); i < shm::max_channels; i = due_.next(i + 1)) {
            const shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(i));
            judged_.version[i] = record.holders.version();
            judged_.held[i] = holders(record);
            if (needed(memory_, record) != 0 && !enough(record, judged_.held[i])) continue;
            due_.remove(i);
            carried_.remove(i);
        }
        if (due_.empty()) return true;
        memory_.blocks().for_each_used([this](shm::block_id block, shm::block_state, shm::owner_id) {
            for_each_listed(memory_, block, [this](const detail::handle_ref& one) {
                const shm::channel_id channel{one.object};
                if (!due_.contains(channel.index() % shm::max_channels)) return;
                if (memory_.channel(channel.index() % shm::max_channels).name() != channel) return;
                judged_.held[channel.index()] |= static_cast<std::uint8_t>(one.role);
            });
        });
        TROUPE_STEP("keeper: parcels looked at");
        // sync: listed - observes what the holders did before the lists that were read
        std::atomic_thread_fence(std::memory_order_acquire);
        for (std::size_t i = due_.next(0); i < shm::max_channels; i = due_.next(i + 1)) {
            const shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(i));
            // The processes once more: one may have taken the end out of a parcel that was looked at too late.
            const std::uint8_t by_processes = holders(record);
            if (record.holders.version() != judged_.version[i]) continue;
            due_.remove(i);
            const std::uint32_t held = judged_.held[i] | by_processes;
            carried_.set(i, (held & ~std::uint32_t{by_processes}) != 0);
            act_on(static_cast<std::uint16_t>(i), held);
        }
    }
    return due_.empty();
}

// Closes or retires the channel when these parts of it are all that somebody has.
void retirement::act_on(std::uint16_t index, std::uint32_t held) noexcept {
    const shm::channel_record& record = memory_.channel(index);
    if (enough(record, held)) return;
    if (held == 0) {
        carried_.remove(index);
        retire_channel(record.name());
    }
    if (record.kind.get() == shm::channel_kind::queue) return;
    if (auto ring = memory_.channels().find_ring(record)) {  // damaged: whoever is left finds out when it looks
        if (ring->closed()) return;
        ring->close();
    }
    TROUPE_STEP("keeper: pipe closed");
    to_notify_.add(index);
}

void retirement::reach(const detail::handle_ref& handle) noexcept {
    const shm::channel_id channel{handle.object};
    const std::uint16_t index = channel.index() % shm::max_channels;
    if (!carried_.contains(index) || memory_.channel(index).name() != channel) return;
    const bool read = (judged_.held[index] & detail::receiving_end) != 0;
    judged_.held[index] |= static_cast<std::uint8_t>(handle.role & detail::both_ends);
    if (!read && (judged_.held[index] & detail::receiving_end) != 0) to_walk_.add(index);
}

// The parcels that some process has. What a dead one had is still to be dealt with, and counts.
void retirement::reach_from_owned() noexcept {
    memory_.blocks().for_each_used([this](shm::block_id block, shm::block_state state, shm::owner_id) {
        if (state == shm::block_state::travelling) return;
        for_each_listed(memory_, block, [this](const detail::handle_ref& one) { reach(one); });
    });
    TROUPE_STEP("keeper: parcels looked at");
}

// What lies in a ring that somebody can read.
void retirement::walk(std::uint16_t index) noexcept {
    const auto ring = memory_.channels().find_ring(memory_.channel(index));
    if (!ring) return;  // damaged: nobody reads what is in it
    ring->walk([this](const shm::record& found) {
        const shm::block_id parcel = parcel_of(memory_, found);
        if (parcel) for_each_listed(memory_, parcel, [this](const detail::handle_ref& one) { reach(one); });
    });
}

void retirement::collect_unreachable() noexcept {
    to_walk_.clear();
    for (std::size_t i = carried_.next(0); i < shm::max_channels; i = carried_.next(i + 1)) {
        const shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(i));
        judged_.version[i] = record.holders.version();
        judged_.held[i] = holders(record);
        carried_.set(i, needed(memory_, record) != 0 && !enough(record, judged_.held[i]) && !channels_.contains(i));
    }
    // All that is open by now: what moves into a channel that is opened later moves after its version was read.
    const std::uint32_t reached = memory_.channels().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(i));
        if (!record.is_open() || channels_.contains(i)) continue;
        if (!carried_.contains(i) || (judged_.held[i] & detail::receiving_end) != 0) to_walk_.add(i);
    }
    reach_from_owned();
    do {
        while (!to_walk_.empty()) {
            const std::size_t i = to_walk_.next(0);
            to_walk_.remove(i);
            walk(static_cast<std::uint16_t>(i));
        }
        TROUPE_STEP("keeper: marked what is reached");
        // sync: listed - observes what the holders did before the lists and labels that were read
        std::atomic_thread_fence(std::memory_order_acquire);
        reach_from_owned();
        std::atomic_thread_fence(std::memory_order_acquire);  // sync: listed - observes the same of the parcels
        for (std::size_t i = carried_.next(0); i < shm::max_channels; i = carried_.next(i + 1)) {
            const shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(i));
            const std::uint8_t by_processes = holders(record);
            const bool same = record.holders.version() == judged_.version[i];
            reach({record.name().value, same ? std::uint32_t{by_processes} : std::uint32_t{detail::both_ends}});
        }
    } while (!to_walk_.empty());
    for (std::size_t i = carried_.next(0); i < shm::max_channels; i = carried_.next(i + 1)) {
        act_on(static_cast<std::uint16_t>(i), judged_.held[i]);
    }
    collect_at_ = std::max(fewest_carried, 2 * carried_.size());
}

}  // namespace troupe::keepers
