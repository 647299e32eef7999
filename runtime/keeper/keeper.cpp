#include "keeper/keeper.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <troupe/detail/birth.hpp>
#include <troupe/error.hpp>

#include "base/check.hpp"
#include "base/say.hpp"
#include "base/step.hpp"
#include "keeper/replies_for_dead.hpp"
#include "keeper/ticks.hpp"
#include "process/clone.hpp"
#include "process/pidfd.hpp"
#include "shm/shared_text.hpp"

namespace troupe::actors {
namespace {

constexpr int link_budget_ms = 2000;      // of an actor that is linked to one that crashed
constexpr int least_message_bytes = 512;  // what the kernel counts for the smallest message in a socket, or less
constexpr int orphan_budget_ms = 300;     // children of an actor that died: SIGTERM, then SIGKILL
constexpr int last_wait_ms = 10'000;      // for what has been killed and does not end

// Nobody asks for a process here any more; whoever did so died in the middle of it.
bool given_up(shm::process_state state) { return shm::has_ended(state) || state == shm::process_state::failed; }

int ms_until(base::time_point end) noexcept {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - base::steady_clock::now());
    return std::max(0, static_cast<int>(left.count()));
}

}  // namespace

keeper::keeper(shm::program_memory& memory, base::owned_fd socket, base::owned_fd lifeline, int program_bell,
               server_launch server) noexcept
    : memory_(memory),
      socket_(std::move(socket)),
      lifeline_(std::move(lifeline)),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      program_bell_(program_bell),
      server_launch_(std::move(server)),
      retired_(memory) {}

bool keeper::open() noexcept {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = about_socket;
    int room = 0;
    socklen_t size = sizeof room;
    getsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &room, &size);
    most_messages_ = std::max(room / least_message_bytes, 64);
    return poll_ && epoll_ctl(poll_.get(), EPOLL_CTL_ADD, socket_.get(), &event) == 0;
}

void keeper::close() noexcept {
    socket_.reset();
    lifeline_.reset();
    poll_.reset();
    server_.reset();
    server_launch_.requests.reset();
    strays_.close();
    // What holds nothing is not written to: each page that is costs the copy a fault.
    for (base::owned_fd& one : room_for_) {
        if (one) one.reset();
    }
    for (watched& one : watched_) {
        if (one.pidfd) one.pidfd.reset();
        if (one.doorbell) one.doorbell.reset();
    }
}

void keeper::run() noexcept {
    turned_at_ = base::steady_clock::now();
    while (!stopping_) {
        std::array<epoll_event, 64> events;
        const int asked_ms = sleep_ms();
        const int count = epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), asked_ms);
        const base::time_point now = base::steady_clock::now();
        allow_for_stop(now, asked_ms);
        // What a process said before it ended is heard before its end.
        take_messages();
        for (int i = 0; i < count; ++i) {
            const std::uint32_t about = events[static_cast<std::size_t>(i)].data.u32;
            if (about < shm::max_processes) ended(static_cast<std::uint16_t>(about));
            if (about == about_server) server_ended();
            if (about == about_strays) strays_.collect_held();
        }
        kill_overdue(now);
        look_after_strays(now);
        retired_.tidy();
        retired_.notify_due([this](shm::channel_record& record) { notify_channel(record); });
    }
    end_everybody();
}

// Whatever still lives is past every budget.
void keeper::end_everybody() noexcept {
    lifeline_.reset();  // ends also whom this process may not signal any more
    if (server_) {
        process::send_signal(server_.get(), SIGKILL);
        if (process::has_ended(server_.get(), last_wait_ms)) process::collect(server_.get());
    }
    for (std::size_t slot = 0; slot < watched_.size(); ++slot) {
        watched& one = watched_[slot];
        if (one.pidfd) process::send_signal(one.pidfd.get(), SIGKILL);
    }
    const base::time_point until = base::steady_clock::now() + std::chrono::milliseconds(last_wait_ms);
    for (std::size_t slot = 0; slot < watched_.size(); ++slot) {
        watched& one = watched_[slot];
        if (!one.pidfd) continue;
        if (process::has_ended(one.pidfd.get(), ms_until(until))) {
            process::collect(one.pidfd.get());
        } else {
            const bool may = process::send_signal(one.pidfd.get(), 0);
            say_it_lives(static_cast<std::uint16_t>(slot), may ? 0 : errno);
        }
    }
}

// --- messages ------------------------------------------------------------------------------------------------------

// No more than there can be at one time: what a process said before its end was seen is among them, and whoever says
// something all the time keeps nobody's end, and no budget, from being seen.
void keeper::take_messages() noexcept {
    for (int i = 0; i < most_messages_; ++i) {
        keeper_message message;
        process::received got =
            process::receive_message(socket_.get(), {reinterpret_cast<std::byte*>(&message), sizeof message}, false);
        if (got.bytes != static_cast<std::ptrdiff_t>(sizeof message)) break;
        answer(message, got);
    }
    make_room();
}

// Once for all who ask in a turn. Not sooner: whoever was answered may have let go more by the time that it asks again.
void keeper::make_room() noexcept {
    if (!std::exchange(room_wanted_, false)) return;
    retired_.collect();
    const std::byte nothing{};
    while (askers_ > 0) {
        const base::owned_fd asker = std::move(room_for_[--askers_]);
        process::send_message(asker.get(), {&nothing, 1}, {}, false);
    }
}

void keeper::answer(const keeper_message& message, process::received& with) noexcept {
    const auto slot = static_cast<std::uint16_t>(message.slot % shm::max_processes);
    const detail::actor_id subject{message.subject};
    watched& one = watched_[slot];
    switch (message.word) {
    case keeper_word::expect:
        if (const auto state = memory_.process(slot).state_of(subject); !state || given_up(*state)) break;
        // relaxed: written before it was asked for
        if (message.linked != 0) link(slot, {memory_.process(slot).parent.load(std::memory_order_relaxed)}, true);
        one.actor = subject;
        one.kill_at_birth = false;
        one.doorbell = std::move(with.descriptors[0]);
        one.doorbell_of = static_cast<std::uint32_t>(message.value);
        if (std::exchange(one.rung, false)) notify(slot);
        break;
    case keeper_word::born: {
        const bool gone = shm::has_ended(memory_.process(slot).present().state) || !is_incarnation(slot, message.value);
        if (one.pidfd || one.actor != subject || gone) break;  // taken over already, and perhaps ended
        watch(slot, subject, std::move(with.descriptors[0]));
        break;
    }
    case keeper_word::discard:
        if (memory_.process(slot).actor() != subject ||
            memory_.process(slot).present().state != shm::process_state::failed) {
            break;
        }
        gone(slot);
        break;
    case keeper_word::link: link(slot, subject, message.value != 0); break;
    case keeper_word::let_go: let_go(subject); break;
    case keeper_word::not_born:
        if (memory_.process(slot).actor() == subject) start_failed(slot);
        break;
    case keeper_word::doorbell_wanted: {
        const int bell = bell_of(slot);
        const std::byte nothing{};
        if (with.descriptor_count == 1 && bell >= 0) {
            process::send_message(with.descriptors[0].get(), {&nothing, 1}, {&bell, 1}, false);
        }
        break;
    }
    case keeper_word::notify: notify(slot); break;
    case keeper_word::look_at: retired_.look_at(shm::channel_id{message.subject}); break;
    case keeper_word::signal: {
        const signal_answer said = signal(subject, message.value, message.budget_ms);
        if (with.descriptor_count == 1) {
            process::send_message(with.descriptors[0].get(), {reinterpret_cast<const std::byte*>(&said), sizeof said},
                                  {}, false);
        }
        break;
    }
    case keeper_word::server_wanted:
        if (server_) break;
        failed_starts_ = 0;
        memory_.header().server_error.store(
            0, std::memory_order_release);  // sync: server - publishes that it is tried again
        start_server();
        break;
    case keeper_word::slots_wanted: break;  // every message is followed by a tidying
    case keeper_word::room_wanted:
        if (askers_ == room_for_.size()) make_room();
        room_wanted_ = true;
        if (with.descriptor_count == 1) room_for_[askers_++] = std::move(with.descriptors[0]);
        break;
    case keeper_word::stop: stopping_ = true; break;
    }
}

void keeper::watch(std::uint16_t slot, detail::actor_id actor, base::owned_fd pidfd) noexcept {
    watched& one = watched_[slot];
    one.actor = actor;
    one.pidfd = std::move(pidfd);
    // sync: pid - observes what the kernel wrote in clone
    if (!one.pidfd) one.pidfd = process::open_pidfd(memory_.process(slot).pid.load(std::memory_order_acquire));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = slot;
    if (!one.doorbell || !one.pidfd || epoll_ctl(poll_.get(), EPOLL_CTL_ADD, one.pidfd.get(), &event) != 0) {
        end_unwatched(slot);
        return;
    }
    if (one.kill_at_birth) process::send_signal(one.pidfd.get(), SIGKILL);
    begin_to_look(slot);
}

// No descriptors were left for it. An actor that nobody watches would never be missed, and one that nobody rings would
// sleep for ever: it is ended now, and its end says why.
void keeper::end_unwatched(std::uint16_t slot) noexcept {
    watched& one = watched_[slot];
    shm::process_slot& process = memory_.process(slot);
    process::end_now(process.pid.load(std::memory_order_acquire));  // sync: pid - observes what the kernel wrote
    constexpr char why[] =
        "the program had no descriptors left to look after it; raise the limit of open files (ulimit -n)";
    // relaxed, both: its process is dead; published with the end
    process.exception_of.store(process.incarnation.load(std::memory_order_relaxed), std::memory_order_relaxed);
    shm::about_to_write();
    shm::store_text(process.failure, why);
    shm::store_text(process.exception_text, why);
    shm::store_text(process.exception_type, "troupe::spawn_failed");
    memory_.record_exit(one.actor, exit_status::from_exit(1));
    one.pidfd.reset();
    ended(slot);
}

// A child that exists, though whoever made it did not live to say so.
void keeper::take_over(std::uint16_t slot) noexcept {
    if (watched_[slot].pidfd) return;
    watch(slot, memory_.process(slot).actor(), {});
}

// --- the end of an actor -------------------------------------------------------------------------------------------

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
    const bool again = comes_again(process, memory_.ended_well(one.actor));
    if (again) retired_.hand_back(slot);
    answer_for_the_dead(memory_, slot, again, [this](std::uint16_t asker) { notify(asker); });
    const shm::process_state next = again ? shm::process_state::down : shm::process_state::dead;
    process.settling.store(again ? 1 : 0, std::memory_order_relaxed);  // relaxed: published by the state
    for (shm::life now = process.present(); !process.move(now, next); now = process.present()) {
    }
    TROUPE_STEP("keeper: end told");
    memory_.header().deaths.fetch_add(1, std::memory_order_seq_cst);  // sync: deaths - publishes the end of an actor
    TROUPE_STEP("keeper: death counted");
    const std::uint64_t crashes = memory_.crashes();
    if (std::exchange(crashes_told_, crashes) != crashes && memory_.header().report_crashes != 0) notify(0);
    memory_.header().awake.remove(slot);
    clear_channels(slot, again ? mailbox::stays : mailbox::goes);
    retired_.disown(slot);
    // relaxed: its process is dead
    const bool has_spawned = process.has_spawned.load(std::memory_order_relaxed) != 0;
    if (has_spawned) clear_starts(slot);
    unlink(slot, memory_.ended_well(one.actor));
    if (has_spawned) end_children(one.actor);
    if (one.pidfd) collect(std::move(one.pidfd));
    strays_.look_soon();
    one.doorbell.reset();
    one.kill_at = one.look_at = one.late_at = base::time_point::max();
    one.kill_at_birth = false;
    if (again) {
        // sync: settling - publishes that nothing is left of its process
        process.settling.store(0, std::memory_order_release);
        memory_.header().deaths.fetch_add(
            1, std::memory_order_seq_cst);  // sync: deaths - publishes that it may begin again
    }
    TROUPE_STEP("keeper: through with the end");
    notify_all(process.watchers);
    if (!again) memory_.free_process(slot);
}

// An end that was noted: nothing of the process is left, unless a debugger holds it.
void keeper::collect(base::owned_fd pidfd) noexcept {
    if (process::collect(pidfd.get())) {
        epoll_ctl(poll_.get(), EPOLL_CTL_DEL, pidfd.get(), nullptr);
    } else {
        strays_.keep(std::move(pidfd), poll_.get(), about_strays);
    }
}

bool keeper::is_incarnation(std::uint16_t slot, std::int32_t number) const noexcept {
    // sync: incarnation - observes the start of a later one
    return memory_.process(slot).incarnation.load(std::memory_order_acquire) == static_cast<std::uint32_t>(number);
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

void keeper::let_go(detail::actor_id actor) noexcept {
    shm::process_slot& process = memory_.process(actor.slot());
    if (process.actor() == actor && process.present().state == shm::process_state::down) over(actor.slot());
}

void keeper::link(std::uint16_t slot, detail::actor_id other, bool tied) noexcept {
    const detail::actor_id one = memory_.process(slot).actor();
    shm::process_slot& mine = memory_.process(slot);
    shm::process_slot& theirs = memory_.process(other.slot());
    if (one == other || !memory_.alive(one)) return;
    const bool there = theirs.actor() == other && memory_.alive(other);
    if (!tied || !there || theirs.present().state == shm::process_state::down) {
        if (there) mine.linked.remove(other.slot());
        if (there) theirs.linked.remove(slot);
        if (tied && !memory_.ended_well(other)) end(one, link_budget_ms);
        return;
    }
    mine.linked.add(other.slot());
    theirs.linked.add(slot);
    watched_[slot].has_links = watched_[other.slot()].has_links = true;
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
void keeper::clear_starts(std::uint16_t dead) noexcept {
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

// Whoever began to start it is gone, and no process will come of it.
void keeper::give_up_start(std::uint16_t slot, shm::life now) noexcept {
    const bool again = memory_.process(slot).was_restarted();
    if (memory_.process(slot).move(now, again ? shm::process_state::dead : shm::process_state::failed)) {
        gone(slot);
    } else {
        watched_[slot].kill_at_birth = true;  // the forkserver has just taken it in hand
    }
}

// The forkserver could not make it. Whoever asked for it reads why, and then says `discard`; unless nobody is left who
// wants it. Others may know it by now (`this_actor::children`), and have asked it something.
void keeper::start_failed(std::uint16_t slot) noexcept {
    const shm::life now = memory_.process(slot).present();
    if (now.state != shm::process_state::failed && now.state != shm::process_state::down) return;
    if (watched_[slot].kill_at_birth) return give_up_start(slot, now);
    memory_.header().deaths.fetch_add(1, std::memory_order_seq_cst);  // sync: deaths - publishes the end of an actor
    notify_all(memory_.process(slot).watchers);
    notify(now.spawner);
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

// 0, or why the actor could not be signalled. One that has ended, or has yet to be made, is none that could not.
int keeper::signal(detail::actor_id actor, int signal, int budget_ms) noexcept {
    watched& one = watched_[actor.slot()];
    if (actor.slot() == 0 && memory_.process(0).actor() == actor) {
        return ::kill(getpid(), signal) == 0 ? 0 : errno;  // the program: this process
    }
    if (one.actor != actor || memory_.process(actor.slot()).present().state == shm::process_state::down) return 0;
    // What was sent before its next process was announced was meant for the last one.
    if (!one.pidfd && !is_incarnation(actor.slot(), static_cast<std::int32_t>(one.doorbell_of))) return 0;
    // An actor may be known to others before the forkserver has said that it made it: look for it.
    // sync: pid - observes what the kernel wrote in clone
    if (!one.pidfd && memory_.alive(actor) && memory_.process(actor.slot()).pid.load(std::memory_order_acquire) != 0) {
        take_over(actor.slot());
    }
    if (!one.pidfd) {
        one.kill_at_birth = memory_.alive(actor);
        return 0;
    }
    if (!process::send_signal(one.pidfd.get(), signal) && errno != ESRCH) return errno;
    if (budget_ms > 0) {
        const auto budget = std::chrono::milliseconds(budget_ms);
        one.kill_at = std::min(one.kill_at, after_budget(base::steady_clock::now(), budget));
    }
    return 0;
}

// Asks an actor to end of which nobody waits to hear that it cannot be asked: that is said here.
void keeper::end(detail::actor_id actor, int budget_ms) noexcept {
    if (const int error = signal(actor, SIGTERM, budget_ms)) say_it_lives(actor.slot(), error);
}

// Whether it was sent SIGKILL.
bool keeper::kill(std::uint16_t slot) noexcept {
    watched& one = watched_[slot];
    if (!one.pidfd) return false;
    if (process::send_signal(one.pidfd.get(), SIGKILL)) return true;
    if (errno != ESRCH) say_it_lives(slot, errno);
    return false;
}

// The one thing that the keeper has to say to a person. `error` 0: it was sent SIGKILL, and has not ended.
void keeper::say_it_lives(std::uint16_t slot, int error) const noexcept {
    const shm::process_slot& process = memory_.process(slot);
    base::say("actor '%.*s' (pid %d) could not be ended: %s",
              static_cast<int>(strnlen(process.name, sizeof process.name)), process.name,
              // sync: pid - observes what the kernel wrote in clone
              static_cast<int>(process.pid.load(std::memory_order_acquire)),
              error != 0 ? strerrordesc_np(error) : "it does not react to SIGKILL");
}

// --- rings ---------------------------------------------------------------------------------------------------------

// That of the present incarnation; -1: it is not here yet. That of a start that failed rings for nobody.
int keeper::bell_of(std::uint32_t slot) const noexcept {
    if (slot == 0) return program_bell_;
    const watched& one = watched_[slot];
    return is_incarnation(static_cast<std::uint16_t>(slot), static_cast<std::int32_t>(one.doorbell_of))
               ? one.doorbell.get()
               : -1;
}

void keeper::notify(std::uint32_t slot) noexcept {
    const int bell = bell_of(slot);
    if (bell < 0) {
        watched_[slot].rung = true;  // heard by the process that is being started in it, if there is one
        return;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(bell, &one, sizeof one);
}

void keeper::notify_all(const shm::wait_set& waiting) noexcept {
    waiting.for_each([this](std::uint32_t slot) { notify(slot); });
}

void keeper::notify_channel(shm::channel_record& record) noexcept {
    // relaxed: set before the channel was opened
    const std::uint32_t reader = record.reader.load(std::memory_order_relaxed);
    if (reader < shm::max_processes) notify(reader);
    notify_all(record.readers);
    if (const auto ring = memory_.find_ring(record)) {
        notify_all(ring->waiting_readers());
        notify_all(ring->waiting_writers());
    }
}

}  // namespace troupe::actors
