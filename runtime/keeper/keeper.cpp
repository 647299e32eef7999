#include "keeper/keeper.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
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

namespace troupe::keepers {
namespace {

constexpr int least_message_bytes = 512;  // what the kernel counts for the smallest message in a socket, or less
constexpr int last_wait_ms = 10'000;      // for what has been killed and does not end

// Nobody asks for a process here any more; whoever did so died in the middle of it.
bool given_up(shm::process_state state) { return shm::has_ended(state) || state == shm::process_state::failed; }

}  // namespace

keeper::keeper(shm::program_memory& memory, base::owned_fd socket, base::owned_fd lifeline, int program_bell,
               server_launch server) noexcept
    : memory_(memory),
      socket_(std::move(socket)),
      lifeline_(std::move(lifeline)),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      program_bell_(program_bell),
      server_launch_(std::move(server)),
      retired_(memory),
      observing_(memory) {}

bool keeper::open() noexcept {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = about_socket;
    int room = 0;
    socklen_t size = sizeof room;
    getsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &room, &size);
    most_messages_ = std::max(room / least_message_bytes, 64);
    if (!poll_ || epoll_ctl(poll_.get(), EPOLL_CTL_ADD, socket_.get(), &event) != 0) return false;
    open_orders();
    return true;
}

void keeper::close() noexcept {
    socket_.reset();
    lifeline_.reset();
    poll_.reset();
    server_.reset();
    server_launch_.requests.reset();
    logger_.reset();
    logger_bell_.reset();
    orders_.close();
    strays_.close();
    // What holds nothing is not written to: each page that is costs the copy a fault.
    for (base::owned_fd& one : room_for_) {
        if (one) one.reset();
    }
    for (watched& one : watched_) {
        if (one.pidfd) one.pidfd.reset();
        if (one.doorbell) one.doorbell.reset();
        if (one.answers) one.answers.reset();
    }
    close_commands();
    retired_.files().close();
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
            if (about == about_logger) logger_ended();
            if (about == about_strays) strays_.collect_held();
            if (about == about_orders) take_orders();
            if (about >= about_first_command) command_ended(about - about_first_command);
        }
        kill_overdue(now);
        look_after_strays(now);
        observing_.look(now);
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
    kill_every_command();
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
    end_untold();
    collect_every_command(until);
    end_logger();  // last: it writes what all of them have logged
}

// Processes of actors that whoever made them did not live to tell of, or told too late. Nobody is left who makes more.
void keeper::end_untold() noexcept {
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 1; i < reached; ++i) {
        const shm::process_slot& process = memory_.process(static_cast<std::uint16_t>(i));
        const shm::process_state state = process.present().state;
        const bool may_live = shm::is_starting(state) || state == shm::process_state::running;
        const pid_t pid = process.pid.get();
        if (may_live && !watched_[i].pidfd && pid > 0 && process::is_child(pid)) process::end_now(pid);
    }
}

// --- messages ------------------------------------------------------------------------------------------------------

// No more than there can be at one time: what a process said before its end was seen is among them, and whoever says
// something all the time keeps nobody's end, and no budget, from being seen.
void keeper::take_messages() noexcept {
    for (int i = 0; i < most_messages_; ++i) {
        keeper_letter letter;
        process::received got =
            process::receive_message(socket_.get(), {reinterpret_cast<std::byte*>(&letter), sizeof letter}, false);
        const std::ptrdiff_t length = got.bytes - static_cast<std::ptrdiff_t>(sizeof letter.message);
        if (length < 0) break;
        answer(letter.message, {letter.text, static_cast<std::size_t>(length)}, got);
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

void keeper::answer(const keeper_message& message, std::string_view text, process::received& with) noexcept {
    const auto slot = static_cast<std::uint16_t>(message.slot % shm::max_processes);
    const detail::actor_id subject{message.subject};
    watched& one = watched_[slot];
    switch (message.word) {
    case keeper_word::expect:
        if (const auto state = memory_.process(slot).state_of(subject); !state || given_up(*state)) break;
        if (message.linked != 0) link(slot, memory_.process(slot).who.parent.get(), true);
        one.actor = subject;
        one.kill_at_birth = has_lost_spawner(slot);
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
    case keeper_word::look_at:
        if (shm::cell_id::is_one(message.subject) && message.subject != mail::every_file.value)
            look_for_ghost(shm::cell_id{message.subject});
        retired_.look_at(shm::channel_id{message.subject});
        break;
    case keeper_word::signal: {
        const signal_answer said = signal(subject, message.value, message.budget_ms);
        if (with.descriptor_count == 1) {
            process::send_message(with.descriptors[0].get(), {reinterpret_cast<const std::byte*>(&said), sizeof said},
                                  {}, false);
        }
        break;
    }
    case keeper_word::command_begun: command_begun(slot, message.subject); break;
    case keeper_word::signal_command:
    case keeper_word::signal_command_group: {
        const bool whole_group = message.word == keeper_word::signal_command_group;
        const signal_answer said = signal_command(slot, message.subject, message.value, whole_group);
        if (with.descriptor_count == 1) {
            process::send_message(with.descriptors[0].get(), {reinterpret_cast<const std::byte*>(&said), sizeof said},
                                  {}, false);
        }
        break;
    }
    case keeper_word::answers_here: one.answers = std::move(with.descriptors[0]); break;
    case keeper_word::keep_file:
        retired_.files().keep({message.subject, static_cast<std::uint32_t>(message.value)},
                              std::move(with.descriptors[0]), one.answers.get());
        break;
    case keeper_word::file_wanted:
        retired_.files().give({message.subject, static_cast<std::uint32_t>(message.value)}, one.answers.get());
        break;
    case keeper_word::server_wanted:
        if (server_) break;
        failed_starts_ = 0;
        memory_.header().server.set_error(0);
        start_server();
        break;
    case keeper_word::slots_wanted: break;  // every message is followed by a tidying
    case keeper_word::room_wanted:
        if (askers_ == room_for_.size()) make_room();
        room_wanted_ = true;
        if (with.descriptor_count == 1) room_for_[askers_++] = std::move(with.descriptors[0]);
        break;
    case keeper_word::claim_name:
    case keeper_word::release_name:
    case keeper_word::circle_wanted:
    case keeper_word::membership: {
        if (with.descriptor_count != 1) break;  // whoever asked is told that it could not
        const naming_answer said = change_lists(message, text);
        process::send_message(with.descriptors[0].get(), {reinterpret_cast<const std::byte*>(&said), sizeof said}, {},
                              false);
        break;
    }
    case keeper_word::lines_wait: wake_logger(); break;
    case keeper_word::stop: stopping_ = true; break;
    }
}

// It may have ended before this is heard: the keeper itself ends whom it cannot look after. Then the children of that
// process have been ended without those it knew nothing of yet.
bool keeper::has_lost_spawner(std::uint16_t slot) const noexcept {
    const shm::process_slot& process = memory_.process(slot);
    const shm::process_slot& spawner = memory_.process(process.present().spawner);
    return spawner.present().state != shm::process_state::running ||
           spawner.incarnation.get() != process.start.starter.get();
}

void keeper::watch(std::uint16_t slot, detail::actor_id actor, base::owned_fd pidfd) noexcept {
    watched& one = watched_[slot];
    one.actor = actor;
    one.pidfd = std::move(pidfd);
    if (!one.doorbell) return end_unwatched(slot, EMFILE);  // it did not fit into this process's table
    if (!one.pidfd) one.pidfd = process::open_pidfd(memory_.process(slot).pid.get());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = slot;
    if (!one.pidfd || epoll_ctl(poll_.get(), EPOLL_CTL_ADD, one.pidfd.get(), &event) != 0) {
        return end_unwatched(slot, errno);
    }
    if (one.kill_at_birth) process::send_signal(one.pidfd.get(), SIGKILL);
    begin_to_look(slot);
}

// Mostly no descriptors were left for it. An actor that nobody watches would never be missed, and one that nobody rings
// would sleep for ever: it is ended now, and its end says why.
void keeper::end_unwatched(std::uint16_t slot, int error) noexcept {
    watched& one = watched_[slot];
    shm::process_slot& process = memory_.process(slot);
    one.pidfd.reset();
    if (error == ESRCH) {  // it has ended, and somebody else has collected it: the number may be a stranger's by now
        memory_.ends().write(one.actor, exit_status::from_nothing());
        return ended(slot);
    }
    process::end_now(process.pid.get());
    char why[160] = "the program had no descriptors left to look after it; raise the limit of open files (ulimit -n)";
    if (error != EMFILE && error != ENFILE) {
        std::snprintf(why, sizeof why, "the program could not look after it: %s", strerrordesc_np(error));
    }
    shm::store_text(process.start.failure, why);
    process.ending.note_exception(process.incarnation.known(), "troupe::spawn_failed", why);
    memory_.ends().write(one.actor, exit_status::from_exit(1));
    ended(slot);
}

// A child that exists, though whoever made it did not live to say so.
void keeper::take_over(std::uint16_t slot) noexcept {
    if (watched_[slot].pidfd) return;
    watch(slot, memory_.process(slot).actor(), {});
}

bool keeper::is_incarnation(std::uint16_t slot, std::int32_t number) const noexcept {
    return memory_.process(slot).incarnation.get() == static_cast<std::uint32_t>(number);
}

void keeper::let_go(detail::actor_id actor) noexcept {
    shm::process_slot& process = memory_.process(actor.slot());
    if (process.actor() == actor && process.present().state == shm::process_state::down) over(actor.slot());
}

void keeper::link(std::uint16_t slot, detail::actor_id other, bool tied) noexcept {
    const detail::actor_id one = memory_.process(slot).actor();
    shm::process_slot& mine = memory_.process(slot);
    shm::process_slot& theirs = memory_.process(other.slot());
    if (one == other || !memory_.processes().is_alive(one)) return;
    const bool there = theirs.actor() == other && memory_.processes().is_alive(other);
    if (!tied || !there || theirs.present().state == shm::process_state::down) {
        if (there) mine.linked.remove(other.slot());
        if (there) theirs.linked.remove(slot);
        if (tied && !memory_.ends().was_success(other)) end(one, link_budget_ms);
        return;
    }
    mine.linked.add(other.slot());
    theirs.linked.add(slot);
    watched_[slot].has_links = watched_[other.slot()].has_links = true;
}

// Whoever began to start it is gone, and no process will come of it.
void keeper::give_up_start(std::uint16_t slot, shm::life_value now) noexcept {
    const bool again = memory_.process(slot).was_restarted();
    if (memory_.process(slot).life.move(now, again ? shm::process_state::dead : shm::process_state::failed)) {
        gone(slot);
    } else {
        watched_[slot].kill_at_birth = true;  // the forkserver has just taken it in hand
    }
}

// The forkserver could not make it. Whoever asked for it reads why, and then says `discard`; unless nobody is left who
// wants it. Others may know it by now (`this_actor::children`), and have asked it something.
void keeper::start_failed(std::uint16_t slot) noexcept {
    const shm::life_value now = memory_.process(slot).present();
    if (now.state != shm::process_state::failed && now.state != shm::process_state::down) return;
    if (watched_[slot].kill_at_birth) return give_up_start(slot, now);
    memory_.header().deaths.next();
    notify_all(memory_.process(slot).watchers);
    notify(now.spawner);
}

// 0, or why the actor could not be signalled. One that has ended, or has yet to be made, is none that could not.
int keeper::signal(detail::actor_id actor, int signal, int budget_ms) noexcept {
    watched& one = watched_[actor.slot()];
    if (is_program(actor)) {
        return ::kill(getpid(), signal) == 0 ? 0 : errno;  // the program: this process
    }
    if (one.actor != actor || memory_.process(actor.slot()).present().state == shm::process_state::down) return 0;
    // What was sent before its next process was announced was meant for the last one.
    if (!one.pidfd && !is_incarnation(actor.slot(), static_cast<std::int32_t>(one.doorbell_of))) return 0;
    // An actor may be known to others before the forkserver has said that it made it: look for it.
    if (!one.pidfd && memory_.processes().is_alive(actor) && memory_.process(actor.slot()).pid.get() != 0) {
        take_over(actor.slot());
    }
    if (!one.pidfd) {
        one.kill_at_birth = memory_.processes().is_alive(actor);
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
              static_cast<int>(strnlen(process.who.name, sizeof process.who.name)), process.who.name,
              static_cast<int>(process.pid.get()),
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
    if (record.kind.get() == shm::channel_kind::log) return wake_logger();
    const std::uint32_t reader = record.reader.get();
    if (reader < shm::max_processes) notify(reader);
    notify_all(record.holders.readers());
    if (const auto ring = memory_.channels().find_ring(record)) {
        notify_all(ring->waiting_readers());
        notify_all(ring->waiting_writers());
    }
}

}  // namespace troupe::keepers
