// What is done when the process of an actor has ended.
#include <sys/epoll.h>

#include <array>
#include <utility>

#include <troupe/detail/birth.hpp>

#include "base/step.hpp"
#include "keeper/keeper.hpp"
#include "keeper/replies_for_dead.hpp"
#include "keeper/ticks.hpp"
#include "process/pidfd.hpp"

namespace troupe::actors {

// In this order. A kind of thing that a process can die with is a row here; each says why it stands where it does.
constexpr std::array<keeper::duty, 11> keeper::duties{{
    // Before anybody can learn of the end, and start the next process: what that finds in the mailbox is settled.
    {"give back what it had in hand", &keeper::give_back_mail},
    {"answer for it", &keeper::answer_askers},
    {"say that it has ended", &keeper::announce_end},
    {"take it out of its channels", &keeper::leave_channels},
    // After that: whoever is woken for what it held finds it available.
    {"disown what it had claimed or taken", &keeper::disown},
    {"give up what it was starting", &keeper::clear_starts},
    {"end those that are linked to it", &keeper::end_linked},
    {"end its children", &keeper::end_orphans},
    // Up to here its pid is nobody else's.
    {"collect it", &keeper::collect_dead},
    {"let its actor begin again", &keeper::let_begin_again},
    // Last of all: nothing names the process any more.
    {"tell those who watch it, and free its slot", &keeper::take_leave},
}};

void keeper::ended(std::uint16_t slot) noexcept {
    watched& one = watched_[slot];
    shm::process_slot& process = memory_.process(slot);
    if (one.pidfd) {
        // sync: pid - observes what the kernel wrote in clone
        const auto status = process::peek_status(one.pidfd.get(), process.pid.load(std::memory_order_acquire));
        if (!status) return;  // a false alarm
        memory_.record_exit(one.actor, *status);
    }
    TROUPE_STEP("keeper: end written down");
    const bool well = memory_.ended_well(one.actor);
    // relaxed: its process is dead
    const bool has_spawned = process.has_spawned.load(std::memory_order_relaxed) != 0;
    const death it{slot, comes_again(process, well), well, has_spawned};
    for (const duty& next : duties) (this->*next.run)(it);
}

void keeper::give_back_mail(const death& one) noexcept {
    if (one.again) retired_.hand_back(one.slot);
}

void keeper::answer_askers(const death& one) noexcept {
    answer_for_the_dead(memory_, one.slot, one.again, [this](std::uint16_t asker) { notify(asker); });
}

void keeper::announce_end(const death& one) noexcept {
    shm::process_slot& process = memory_.process(one.slot);
    const shm::process_state next = one.again ? shm::process_state::down : shm::process_state::dead;
    process.settling.store(one.again ? 1 : 0, std::memory_order_relaxed);  // relaxed: published by the state
    for (shm::life now = process.present(); !process.move(now, next); now = process.present()) {
    }
    TROUPE_STEP("keeper: end told");
    memory_.header().deaths.fetch_add(1, std::memory_order_seq_cst);  // sync: deaths - publishes the end of an actor
    TROUPE_STEP("keeper: death counted");
    const std::uint64_t crashes = memory_.crashes();
    if (std::exchange(crashes_told_, crashes) != crashes && memory_.header().report_crashes != 0) notify(0);
    memory_.header().awake.remove(one.slot);
}

void keeper::leave_channels(const death& one) noexcept {
    clear_channels(one.slot, one.again ? mailbox::stays : mailbox::goes);
}

void keeper::disown(const death& one) noexcept { retired_.disown(one.slot); }

void keeper::end_linked(const death& one) noexcept { unlink(one.slot, one.ended_well); }

void keeper::end_orphans(const death& one) noexcept {
    if (one.has_spawned) end_children(watched_[one.slot].actor);
}

void keeper::collect_dead(const death& of) noexcept {
    watched& one = watched_[of.slot];
    if (one.pidfd) collect(std::move(one.pidfd));
    strays_.look_soon();
    one.doorbell.reset();
    one.kill_at = one.look_at = one.late_at = base::time_point::max();
    one.kill_at_birth = false;
}

void keeper::let_begin_again(const death& one) noexcept {
    if (!one.again) return;
    // sync: settling - publishes that nothing is left of its process
    memory_.process(one.slot).settling.store(0, std::memory_order_release);
    // sync: deaths - publishes that it may begin again
    memory_.header().deaths.fetch_add(1, std::memory_order_seq_cst);
}

void keeper::take_leave(const death& one) noexcept {
    TROUPE_STEP("keeper: through with the end");
    notify_all(memory_.process(one.slot).watchers);
    if (!one.again) memory_.free_process(one.slot);
}

// An end that was noted: nothing of the process is left, unless a debugger holds it.
void keeper::collect(base::owned_fd pidfd) noexcept {
    if (process::collect(pidfd.get())) {
        epoll_ctl(poll_.get(), EPOLL_CTL_DEL, pidfd.get(), nullptr);
    } else {
        strays_.keep(std::move(pidfd), poll_.get(), about_strays);
    }
}

// Its supervisor wants it started again, and it was not asked to end.
bool keeper::comes_again(const shm::process_slot& process, bool ended_well) const noexcept {
    // relaxed, all: whoever changes them then says let_go, which is heard after this
    const auto wanted = static_cast<detail::revival>(process.revival.load(std::memory_order_relaxed));
    if (wanted == detail::revival::never) return false;
    if (wanted == detail::revival::unless_success && ended_well) return false;
    // relaxed, all: as above; a spawn that fails is told to its caller
    const bool begun =
        process.begun.load(std::memory_order_relaxed) != 0 || process.restarts.load(std::memory_order_relaxed) != 0;
    const std::uint64_t asked = process.requests.load(std::memory_order_relaxed);
    return begun && (asked & shm::ask_stop) == 0;
}

// The process of the slot has ended, and with it its links.
void keeper::unlink(std::uint16_t slot, bool ended_well) noexcept {
    if (!std::exchange(watched_[slot].has_links, false)) return;
    shm::process_slot& process = memory_.process(slot);
    // Of a start that failed its spawner is told by the spawn.
    const bool begun =
        process.begun.load(std::memory_order_relaxed) != 0 || process.was_restarted();  // relaxed: its process is dead
    process.linked.for_each([&](std::uint32_t other) {
        shm::process_slot& theirs = memory_.process(static_cast<std::uint16_t>(other));
        process.linked.remove(other);
        theirs.linked.remove(slot);
        if (!ended_well && begun) end(theirs.actor(), link_budget_ms);
    });
}

// No process, and none will come: as for one that was seen to end.
void keeper::over(std::uint16_t slot) noexcept {
    shm::process_slot& process = memory_.process(slot);
    for (shm::life now = process.present(); !process.move(now, shm::process_state::dead); now = process.present()) {
    }
    gone(slot);
}

// An actor without a process, of which the state says that none will come: whoever was to hear of its end does.
void keeper::gone(std::uint16_t slot) noexcept {
    shm::process_slot& process = memory_.process(slot);
    memory_.header().deaths.fetch_add(1, std::memory_order_seq_cst);  // sync: deaths - publishes the end of an actor
    clear_channels(slot);
    unlink(slot, memory_.ended_well(process.actor()));
    watched_[slot].doorbell.reset();
    watched_[slot].kill_at_birth = false;
    notify_all(process.watchers);
    memory_.free_process(slot);
}

void keeper::clear_channels(std::uint16_t slot, mailbox mailbox) noexcept {
    shm::process_slot& process = memory_.process(slot);
    // sync: channels - observes a backed record
    const std::uint32_t reached = memory_.header().channels_reached.load(std::memory_order_acquire);
    for (std::uint32_t index = 0; index < reached; ++index) {
        shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(index));
        // sync: channel state - observes that somebody holds it
        const std::uint32_t word = record.state.load(std::memory_order_acquire);
        const auto state = static_cast<shm::channel_state>(word & 0xff);
        const shm::channel_id name = record.name();
        if (state == shm::channel_state::free) continue;
        if (state == shm::channel_state::making) {
            if (word >> 8 == slot) memory_.free_channel(static_cast<std::uint16_t>(index));
            continue;
        }
        // relaxed: observed through the id
        const auto kind = static_cast<shm::channel_kind>(record.kind.load(std::memory_order_relaxed));
        // relaxed: set before the channel was opened
        const bool reads = (kind == shm::channel_kind::mailbox || kind == shm::channel_kind::replies) &&
                           record.reader.load(std::memory_order_relaxed) == slot;
        const bool stays = reads && kind == shm::channel_kind::mailbox && mailbox == mailbox::stays;
        const bool held = record.readers.contains(slot) || record.writers.contains(slot);
        // sync: wrote to - observes where the dead process may have left a claim
        const bool wrote = (process.wrote_to[index / 64].load(std::memory_order_acquire) >> index % 64 & 1) != 0;
        if (!reads && !held && !wrote) continue;
        if (held) {
            // sync: version - publishes that a holder is about to change
            record.version.fetch_add(1, std::memory_order_acq_rel);
            record.readers.remove(slot);
            record.writers.remove(slot);
        }
        if (auto ring = memory_.find_ring(record)) {
            ring->waiting_readers().remove(slot);
            ring->waiting_writers().remove(slot);
            if (reads && !stays) ring->close();
        }
        retired_.look_at(name);
        notify_channel(record);
        if (reads && !stays) retired_.retire_channel(name);
    }
    // It may have died after it let go of an end, and before it said so.
    // relaxed: written by a process that is dead
    retired_.look_at(shm::channel_id{process.letting_go.exchange(0, std::memory_order_relaxed)});
}

// What the dead process had begun to start.
void keeper::clear_starts(const death& one) noexcept {
    const std::uint16_t dead = one.slot;
    if (!one.has_spawned) return;
    const std::uint32_t reached = memory_.slots_reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const auto slot = static_cast<std::uint16_t>(i);
        shm::process_slot& process = memory_.process(slot);
        const shm::life now = process.present();
        const bool on_its_way = is_starting(now.state) || now.state == shm::process_state::failed;
        if (slot == dead || now.spawner != dead || !on_its_way || watched_[slot].pidfd) continue;
        if (now.state == shm::process_state::failed) {
            give_up_start(slot, now);
        } else if (process.pid.load(std::memory_order_acquire) != 0) {  // sync: pid - observes the kernel's store
            take_over(slot);
        } else if (now.state == shm::process_state::starting) {
            give_up_start(slot, now);
        } else {
            watched_[slot].kill_at_birth = true;  // the forkserver has it in hand: it is born, or `not_born`
        }
    }
}

// All of them at once, so that a chain of a hundred generations ends as fast as one.
void keeper::end_children(detail::actor_id parent) noexcept {
    const std::uint32_t reached = memory_.slots_reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const auto slot = static_cast<std::uint16_t>(i);
        shm::process_slot& process = memory_.process(slot);
        const detail::actor_id actor = process.actor();
        // relaxed: observed through the id
        const std::uint64_t its_parent = process.parent.load(std::memory_order_relaxed);
        if (its_parent != parent.value || actor == parent || !memory_.alive(actor)) continue;
        process.revival.store(static_cast<std::uint32_t>(detail::revival::never),
                              std::memory_order_relaxed);  // relaxed: read here
        if (process.present().state == shm::process_state::down) {
            over(slot);
            continue;
        }
        const auto budget = std::chrono::milliseconds(orphan_budget_ms);
        if (watched_[slot].kill_at <= after_budget(base::steady_clock::now(), budget)) continue;  // it ends already
        end(actor, orphan_budget_ms);
        end_children(actor);
    }
}

}  // namespace troupe::actors
