// What is done when the process of an actor has ended.
#include <sys/epoll.h>

#include <array>
#include <utility>

#include <troupe/detail/birth.hpp>

#include "base/step.hpp"
#include "keeper/end_note.hpp"
#include "keeper/keeper.hpp"
#include "keeper/replies_for_dead.hpp"
#include "keeper/ticks.hpp"
#include "process/pidfd.hpp"

namespace troupe::keepers {

// In this order. A kind of thing that a process can die with is a row here; each says why it stands where it does.
constexpr std::array<keeper::duty, 17> keeper::duties{{
    // First, so that whoever is told of the end, and starts it again, does not meet them at work.
    {"kill its commands", &keeper::end_commands},
    // Before anybody can learn of the end, and start the next process: what that finds in the mailbox is settled.
    {"give back what it had in hand", &keeper::give_back_mail},
    {"answer for it", &keeper::answer_askers},
    // Before the next process of the actor goes on in its blocks.
    {"end its trace", &keeper::leave_observation},
    {"say that it has ended", &keeper::announce_end},
    // Before its blocks are freed: a cell that it was making may have one.
    {"hand on its locks", &keeper::hand_on_locks},
    {"take it out of its cells", &keeper::leave_cells},
    {"take it out of its channels", &keeper::leave_channels},
    // Before its slot is free: what is published would be for the slot's next actor.
    {"take it off the lists of names, topics and groups", &keeper::leave_lists},
    // After that: whoever is woken for what it held finds it available.
    {"disown what it had claimed or taken", &keeper::disown},
    // After that: the messages that it had are dropped, or somebody else's.
    {"close the files that no message carries any more", &keeper::close_files},
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
        const auto status = process::peek_status(one.pidfd.get(), process.pid.get());
        if (!status) return;  // a false alarm
        memory_.ends().write(one.actor, *status);
    }
    TROUPE_STEP("keeper: end written down");
    const bool well = memory_.ends().was_success(one.actor);
    const death it{slot, comes_again(process, well), well, process.activity.has_spawned.get() != 0};
    // Before anybody can learn of it, and while all that the process has written stands as it left it.
    note_end(memory_, one.actor, it.again ? 0 : retired_.count_mail(slot));
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
    process.supervision.settling.set(one.again);
    process.life.move_on(one.again ? shm::process_state::down : shm::process_state::dead);
    TROUPE_STEP("keeper: end told");
    memory_.header().deaths.next();
    TROUPE_STEP("keeper: death counted");
    const std::uint64_t crashes = memory_.header().crashes.get();
    if (std::exchange(crashes_told_, crashes) != crashes && memory_.header().report_crashes != 0) notify(0);
    memory_.header().awake.remove(one.slot);
}

void keeper::leave_channels(const death& one) noexcept {
    clear_channels(one.slot, one.again ? mailbox::stays : mailbox::goes);
}

void keeper::disown(const death& one) noexcept { retired_.disown(one.slot); }

void keeper::close_files(const death&) noexcept { retired_.files().close_unlisted(); }

void keeper::end_linked(const death& one) noexcept { unlink(one.slot, one.ended_well); }

void keeper::end_orphans(const death& one) noexcept {
    if (one.has_spawned) end_children(watched_[one.slot].actor);
}

void keeper::collect_dead(const death& of) noexcept {
    watched& one = watched_[of.slot];
    if (one.pidfd) collect(std::move(one.pidfd));
    strays_.look_soon();
    one.doorbell.reset();
    one.answers.reset();
    one.kill_at = one.look_at = one.late_at = base::time_point::max();
    one.kill_at_birth = false;
}

void keeper::let_begin_again(const death& one) noexcept {
    if (!one.again) return;
    memory_.process(one.slot).supervision.settling.through();
    memory_.header().deaths.next();
}

void keeper::take_leave(const death& one) noexcept {
    TROUPE_STEP("keeper: through with the end");
    notify_all(memory_.process(one.slot).watchers);
    if (!one.again) memory_.processes().free(one.slot);
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
    // Whoever changes this then says let_go, which is heard after this.
    const auto wanted = static_cast<detail::revival>(process.supervision.revival.get());
    if (wanted == detail::revival::never) return false;
    if (wanted == detail::revival::unless_success && ended_well) return false;
    // A spawn that fails is told to its caller.
    return process.ever_begun() && (process.requests.asked() & shm::ask_stop) == 0;
}

// The process of the slot has ended, and with it its links.
void keeper::unlink(std::uint16_t slot, bool ended_well) noexcept {
    if (!std::exchange(watched_[slot].has_links, false)) return;
    shm::process_slot& process = memory_.process(slot);
    // Of a start that failed its spawner is told by the spawn.
    const bool begun = process.ever_begun();
    process.linked.for_each([&](std::uint32_t other) {
        shm::process_slot& theirs = memory_.process(static_cast<std::uint16_t>(other));
        process.linked.remove(other);
        theirs.linked.remove(slot);
        if (!ended_well && begun) end(theirs.actor(), link_budget_ms);
    });
}

// No process, and none will come: as for one that was seen to end.
void keeper::over(std::uint16_t slot) noexcept {
    memory_.process(slot).life.move_on(shm::process_state::dead);
    gone(slot);
}

// An actor without a process, of which the state says that none will come: whoever was to hear of its end does.
void keeper::gone(std::uint16_t slot) noexcept {
    shm::process_slot& process = memory_.process(slot);
    memory_.header().deaths.next();
    clear_channels(slot);
    unlist(slot);
    unlink(slot, memory_.ends().was_success(process.actor()));
    watched_[slot].doorbell.reset();
    watched_[slot].kill_at_birth = false;
    notify_all(process.watchers);
    memory_.header().awake.remove(slot);  // whoever rang it while it was being started has noted it
    memory_.processes().free(slot);
}

void keeper::clear_channels(std::uint16_t slot, mailbox mailbox) noexcept {
    shm::process_slot& process = memory_.process(slot);
    const std::uint32_t reached = memory_.channels().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const auto index = static_cast<std::uint16_t>(i);
        shm::channel_record& record = memory_.channel(index);
        const shm::channel_state state = record.life.state();
        const shm::channel_id name = record.name();
        if (state == shm::channel_state::free) continue;
        if (state == shm::channel_state::making) {
            if (record.life.is_made_by(slot)) memory_.channels().free(index);
            continue;
        }
        const bool reads = record.has_one_reader() && record.reader.get() == slot;
        const bool stays = reads && record.kind.get() == shm::channel_kind::mailbox && mailbox == mailbox::stays;
        const bool held = record.holders.has(slot);
        if (!reads && !held && !process.wrote_to.contains(index)) continue;
        if (held) record.holders.remove(slot);
        if (auto ring = memory_.channels().find_ring(record)) {
            ring->waiting_readers().remove(slot);
            ring->waiting_writers().remove(slot);
            if (reads && !stays) ring->close();
        }
        retired_.look_at(name);
        notify_channel(record);
        if (reads && !stays) retired_.retire_channel(name);
    }
    // It may have died after it let go of an end, and before it said so.
    retired_.look_at(process.activity.letting_go.get());
    process.activity.letting_go.set({});
}

// What the dead process had begun to start.
void keeper::clear_starts(const death& one) noexcept {
    const std::uint16_t dead = one.slot;
    if (!one.has_spawned) return;
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const auto slot = static_cast<std::uint16_t>(i);
        shm::process_slot& process = memory_.process(slot);
        const shm::life_value now = process.present();
        const bool on_its_way = is_starting(now.state) || now.state == shm::process_state::failed;
        if (slot == dead || now.spawner != dead || !on_its_way || watched_[slot].pidfd) continue;
        if (now.state == shm::process_state::failed) {
            give_up_start(slot, now);
        } else if (process.pid.get() != 0) {
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
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const auto slot = static_cast<std::uint16_t>(i);
        shm::process_slot& process = memory_.process(slot);
        const detail::actor_id actor = process.actor();
        if (process.who.parent.get() != parent || actor == parent || !memory_.processes().is_alive(actor)) continue;
        process.supervision.revival.set(static_cast<std::uint32_t>(detail::revival::never));
        if (process.present().state == shm::process_state::down) {
            over(slot);
            continue;
        }
        const auto budget = std::chrono::milliseconds(orphan_budget_ms);
        if (watched_[slot].kill_at <= after_budget(base::steady_clock::now(), budget)) continue;  // it ends already
        end(actor, orphan_budget_ms);
        // One that begins to spawn just now is found to have done so when it is dead.
        if (process.activity.has_spawned.get() != 0) end_children(actor);
    }
}

}  // namespace troupe::keepers
