#include "keeper/observing.hpp"

#include <algorithm>

#include "base/step.hpp"
#include "keeper/keeper.hpp"
#include "keeper/ticks.hpp"

namespace troupe::keepers {
namespace {

constexpr std::chrono::seconds asked_for(8);  // whose tool was killed is observed for less than ten
constexpr std::chrono::seconds kept_after_end(1);
constexpr base::time_point none{};
constexpr std::chrono::milliseconds next_look(500);  // at who still has a block to leave, while nothing else happens

constexpr std::array<std::uint32_t, 2> bit_of{shm::observe_timing, shm::observe_trace};
constexpr std::array<std::size_t, 2> bytes_of{shm::timing_bytes, shm::trace_bytes};
constexpr std::uint32_t all_bits = shm::observe_timing | shm::observe_trace;

base::published<std::uint64_t>& name_of(shm::process_slot& process, std::size_t kind) noexcept {
    return kind == 0 ? process.told.observed.timing : process.told.observed.trace;
}

shm::observed_block& head_of(shm::program_memory& memory, shm::block_id block) noexcept {
    return *reinterpret_cast<shm::observed_block*>(memory.blocks().at(block));
}

std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(base::steady_clock::now().time_since_epoch().count());
}

void note(shm::trace_block& trace, shm::event_kind kind, std::uint32_t position) noexcept {
    shm::traced_event it;
    it.what.kind = kind;
    it.what.position = position;
    it.ns = now_ns();
    trace.note(it);
}

}  // namespace

std::uint32_t observing::reached() const noexcept { return memory_.processes().reached(); }

// It has a process that may write to its blocks.
bool observing::lives(std::uint16_t slot) const noexcept {
    const shm::process_slot& process = memory_.process(slot);
    const shm::process_state state = process.present().state;
    return state == shm::process_state::running || (shm::is_starting(state) && process.pid.get() != 0);
}

void observing::ask(std::uint32_t what, base::time_point now) noexcept {
    std::uint32_t wanted = what_;
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        if ((what & bit_of[kind]) == 0) continue;
        until_[kind] = later(now, asked_for);
        wanted |= bit_of[kind];
    }
    if (wanted != what_) change(wanted, now);
}

void observing::change(std::uint32_t what, base::time_point now) noexcept {
    began_ = what & ~what_;
    what_ = what;
    changed_ = true;
    for (std::uint32_t i = 0; i < reached(); ++i) look_at_slot(static_cast<std::uint16_t>(i), now);
    began_ = 0;
    say_what_is_observed();
    free_what_was_left();
}

void observing::look(base::time_point now) noexcept {
    if (what_ == 0 && leaving_ == 0) return;
    std::uint32_t wanted = what_;
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        if (until_[kind] <= now) wanted &= ~bit_of[kind];
    }
    if (wanted != what_) return change(wanted, now);
    if (what_ != 0) {
        for (std::uint32_t i = 0; i < reached(); ++i) look_at_slot(static_cast<std::uint16_t>(i), now);
        say_what_is_observed();
    }
    free_what_was_left();
}

base::time_point observing::look_at(base::time_point now) const noexcept {
    if (what_ == 0 && leaving_ == 0) return base::time_point::max();
    base::time_point first = base::time_point::max();
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        if ((what_ & bit_of[kind]) != 0) first = std::min(first, until_[kind]);
    }
    return leaving_ != 0 || ended_ != 0 ? std::min(first, later(now, next_look)) : first;
}

void observing::look_at_slot(std::uint16_t slot, base::time_point now) noexcept {
    if (slot == shm::keeper_slot) return;
    observed& one = slots_[slot];
    bool over = false;
    if (lives(slot) || memory_.process(slot).present().state == shm::process_state::down) {
        if (one.free_at != none) --ended_;
        one.free_at = none;
    } else if (one.free_at == none) {
        const bool has_any = one.blocks[0].state == holding::named || one.blocks[1].state == holding::named;
        if (has_any) one.free_at = later(now, kept_after_end);
        if (has_any) ++ended_;
    } else if (one.free_at <= now) {
        one.free_at = none;
        --ended_;
        over = true;
    }
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        const bool wanted = (what_ & bit_of[kind]) != 0 && !over;
        if (wanted && one.blocks[kind].state != holding::named && lives(slot)) name(slot, kind);
        if (!wanted && one.blocks[kind].state == holding::named) take_name_off(slot, kind);
    }
    if (one.blocks[0].state != holding::named && one.blocks[1].state != holding::named && one.free_at != none) {
        one.free_at = none;
        --ended_;
    }
}

// One that it is about to leave is cleared as little as one that it has: it may be writing to it.
void observing::name(std::uint16_t slot, std::size_t kind) noexcept {
    held& one = slots_[slot].blocks[kind];
    shm::process_slot& process = memory_.process(slot);
    // One that began before the observation is not said to begin in it.
    const bool was_there = (began_ & bit_of[kind]) != 0;
    const std::uint32_t known = was_there ? process.incarnation.get() : shm::observed_block::no_incarnation;
    if (one.state == holding::leaving) {
        --leaving_;
        head_of(memory_, one.block).incarnation.set(known);
    } else {
        const auto taken = memory_.blocks().try_take(bytes_of[kind], memory_.processes().owner(shm::keeper_slot));
        if (!taken) return;
        one.block = *taken;
        std::byte* const at = memory_.blocks().at(one.block);
        if (kind == 0) reinterpret_cast<shm::timing_block*>(at)->begin(slot, number_ + 1, known);
        if (kind == 1) reinterpret_cast<shm::trace_block*>(at)->begin(slot, number_ + 1, known);
    }
    one.state = holding::named;
    one.left_at = 0;
    name_of(process, kind).set(one.block.value);
    changed_ = true;
    TROUPE_STEP("keeper: block named");
}

void observing::take_name_off(std::uint16_t slot, std::size_t kind) noexcept {
    held& one = slots_[slot].blocks[kind];
    name_of(memory_.process(slot), kind).set(0);
    one.state = holding::leaving;
    one.left_at = 0;
    ++leaving_;
    changed_ = true;
}

// Every process looks for its blocks anew.
void observing::say_what_is_observed() noexcept {
    if (!changed_) return;
    changed_ = false;
    if (++number_ == 0) ++number_;
    memory_.header().observation.set({number_, what_});
    for (std::uint32_t i = 0; i < reached() && leaving_ != 0; ++i) {
        for (held& one : slots_[i].blocks) {
            if (one.state == holding::leaving && one.left_at == 0) one.left_at = number_;
        }
    }
}

void observing::free_what_was_left() noexcept {
    if (leaving_ == 0) return;
    shm::let_go();
    for (std::uint32_t i = 0; i < reached() && leaving_ != 0; ++i) {
        const std::uint32_t follows = memory_.process(static_cast<std::uint16_t>(i)).told.doing.recording_in.get();
        shm::may_free_blocks();
        for (held& one : slots_[i].blocks) {
            if (one.state != holding::leaving) continue;
            const bool left = follows == 0 || static_cast<std::int32_t>(follows - one.left_at) >= 0;
            if (!left) continue;
            head_of(memory_, one.block).content.set(shm::observed_content::nothing);
            memory_.blocks().release(one.block, shm::block_store::pages::dropped);
            one = {};
            --leaving_;
        }
    }
}

void observing::note_end(std::uint16_t slot) noexcept {
    shm::process_slot& process = memory_.process(slot);
    const held& mine = slots_[slot].blocks[1];
    if (mine.state != holding::nothing) {
        auto& trace = *reinterpret_cast<shm::trace_block*>(memory_.blocks().at(mine.block));
        const std::uint32_t incarnation = process.incarnation.known();
        if (trace.head.incarnation.get() != incarnation) {
            note(trace, shm::event_kind::began, process.supervision.restarts.get());
            trace.head.incarnation.set(incarnation);
        }
        note(trace, shm::event_kind::ended, process.supervision.restarts.get());
    }
    if (process.told.doing.recording_in.get() != 0) process.told.doing.recording_in.set(0);
}

// --- in the keeper -------------------------------------------------------------------------------------------------

keeper::order_outcome keeper::observe(std::uint32_t what) noexcept {
    observing_.ask(what & all_bits, base::steady_clock::now());
    return {shm::order_result::done, 0, 0};
}

void keeper::leave_observation(const death& one) noexcept { observing_.note_end(one.slot); }

}  // namespace troupe::keepers
