#include "actor/own_process.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include <troupe/actor.hpp>
#include <troupe/detail/birth.hpp>
#include <troupe/detail/branch.hpp>
#include <troupe/error.hpp>
#include <troupe/mailbox.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include "base/say.hpp"
#include "channel/port.hpp"
#include "loop/event_loop.hpp"
#include "process/message_socket.hpp"
#include "process/signals.hpp"
#include "process/wanted_signals.hpp"

namespace troupe::actors {
namespace {

own_process* the_process = nullptr;

// Whatever the user's own code forks is none of the program's: the shared memory is not there, and its calls are
// misuse.
void forget_in_every_fork() {
    static const int once = pthread_atfork(nullptr, nullptr, &own_process::abandon);
    static_cast<void>(once);
}

}  // namespace

own_process::own_process(shm::program_memory memory, std::uint16_t slot, base::owned_fd doorbell,
                         struct sockets sockets, bool is_program)
    : sockets_(std::move(sockets)),
      participant_(std::move(memory), slot, std::move(doorbell), *this),
      in_hand_(participant_.self(), participant_.memory().processes().post_mortem(slot)),
      exits_(participant_),
      requests_(participant_),
      monitors_(participant_),
      children_(*this),
      commands_(participant_.self()),
      answers_(*this),
      is_program_(is_program) {
    the_process = this;
    forget_in_every_fork();
    participant_.set_admission(in_hand_);
    participant_.memory().ends().name_messages_by([](std::uint64_t entry, std::uint32_t type) {
        const detail::registration* known = detail::registration::find(entry);
        return std::string(known != nullptr ? known->message_name(type) : std::string_view());
    });
    participant_.observation().look();
    participant_.chronicler().begin(participant_.self().supervision.restarts.get());
    loop::event_loop::work_for(this);
    this->memory().header().awake.add(slot);
    process::catch_signals(is_program ? process::role::program : process::role::actor, participant_.doorbell());
}

own_process::~own_process() {
    process::lose_doorbell();
    if (loop::event_loop::exists()) {
        if (enrolled()) loop::event_loop::current().dismiss(*this);
        if (monitors_.enrolled()) loop::event_loop::current().dismiss(monitors_);
    }
    loop::event_loop::work_for(nullptr);
    this->memory().header().awake.remove(participant_.slot());
    if (the_process == this) the_process = nullptr;
}

own_process& own_process::here() {
    channel::participant::here();
    return *the_process;
}

own_process* own_process::current() noexcept { return the_process; }

void own_process::abandon() noexcept {
    process::forget_wanted_signals();
    process::catch_signals_no_more();
    loop::event_loop::abandon();
    channel::participant::abandon();
    if (the_process != nullptr) the_process->abandoned_ = true;
    the_process = nullptr;
}

// --- the loop's host -----------------------------------------------------------------------------------------------

// When this process first waits, or at once where main has waited before. One that never waits never makes a loop.
void own_process::begin(loop::event_loop& loop) { loop.enroll(*this); }

int own_process::doorbell() const noexcept { return participant_.doorbell(); }

void own_process::rung() noexcept { participant_.woken(); }

// The signal that the lifeline sends as well is not let through to every user of a user namespace.
int own_process::lifeline() const noexcept { return is_program_ ? -1 : sockets_.lifeline.get(); }

// Spin unless others need the CPU: it meets more of them than there are CPUs, the sender of the last message ran on
// this one, or more actors are awake than CPUs.
bool own_process::may_spin() noexcept {
    if (participant_.traffic().in_crowd()) return false;
    const shm::program_header& header = memory().header();
    if (header.awake.count_below(memory().processes().reached(), header.usable_cpus + 1) > header.usable_cpus) {
        return false;
    }
    return header.usable_cpus > 1 && participant_.traffic().peer_cpu() != static_cast<std::uint8_t>(sched_getcpu());
}

// Whoever has sent something since it last looked may be waited for.
bool own_process::in_no_hurry() noexcept { return !participant_.traffic().has_sent(); }

void own_process::turn_ended() noexcept {
    participant_.return_room(false);
    participant_.observation().look();
}

// Not later: a writer of this process may wait for that room, and is not rung.
void own_process::about_to_park() noexcept { participant_.return_room(true); }

// crash: the bit stays as it is; the keeper clears it
void own_process::about_to_sleep() noexcept {
    participant_.chronicler().about_to_sleep(loop::event_loop::current());
    participant_.observation().before_sleep();
    memory().header().awake.remove(participant_.slot());
}

void own_process::awake() noexcept {
    memory().header().awake.add(participant_.slot());
    participant_.observation().look();
    participant_.chronicler().awake();
}

// --- the line to the keeper ----------------------------------------------------------------------------------------

base::owned_fd own_process::doorbell_of(std::uint16_t slot) noexcept {
    std::byte nothing{};
    auto answer = ask_keeper({.word = keepers::keeper_word::doorbell_wanted, .slot = slot}, {&nothing, 1});
    return answer ? std::move(answer->descriptors[0]) : base::owned_fd();
}

void own_process::notify(std::uint16_t slot) noexcept {
    tell_keeper({.word = keepers::keeper_word::notify, .slot = slot});
}

void own_process::look_at(shm::channel_id channel) noexcept {
    tell_keeper({.word = keepers::keeper_word::look_at, .subject = channel.value});
}

mail::file_answer own_process::keep_file(const detail::handle_ref& ref, int fd) noexcept {
    base::owned_fd none;
    return answers_.ask(keepers::keeper_word::keep_file, ref, fd, none);
}

mail::file_answer own_process::give_file(const detail::handle_ref& ref, base::owned_fd& into) noexcept {
    return answers_.ask(keepers::keeper_word::file_wanted, ref, -1, into);
}

bool own_process::make_room() noexcept {
    std::byte nothing{};
    return ask_keeper({.word = keepers::keeper_word::room_wanted}, {&nothing, 1}).has_value();
}

// Waits for the answer, on a socket that is sent along. Nothing when no descriptors are left for that.
std::optional<process::received> own_process::ask_keeper(const keepers::keeper_message& message,
                                                         std::span<std::byte> answer) const noexcept {
    process::socket_pair ends;
    try {
        ends = process::make_socket_pair();
    } catch (const std::exception&) {
        return std::nullopt;
    }
    tell_keeper(message, {ends.second.get()});
    ends.second.reset();
    return process::receive_message(ends.first.get(), answer, true);
}

void own_process::open_mailbox() {
    const auto index = participant_.self().who.mailbox.index();
    if (index) mailbox_ = &participant_.port_of(memory().channel(*index).name()).read_alone();
}

channel::lone_inbox& own_process::needed_mailbox() const {
    if (mailbox_ == nullptr) throw misuse("this actor has no mailbox: its function takes none");
    return *mailbox_;
}

void own_process::tell_keeper(const keepers::keeper_message& message,
                              std::initializer_list<int> descriptors) const noexcept {
    // A child that the user's own code has forked may let go of what it copied. It has the socket, and what it says
    // there would be taken for its parent's.
    if (abandoned_) return;
    const std::span bytes{reinterpret_cast<const std::byte*>(&message), sizeof message};
    if (process::send_message(sockets_.keeper.get(), bytes, {descriptors.begin(), descriptors.size()})) return;
    // Too many descriptors on their way: it finds the process without, or says what is missing.
    if (errno == ETOOMANYREFS) process::send_message(sockets_.keeper.get(), bytes, {});
}

int own_process::signal(detail::actor_id actor, int signal, int budget_ms) noexcept {
    const keepers::keeper_message wanted{.word = keepers::keeper_word::signal,
                                         .slot = actor.slot(),
                                         .subject = actor.value,
                                         .value = signal,
                                         .budget_ms = budget_ms};
    const shm::program_memory& memory = this->memory();
    if (!memory.processes().is_alive(actor)) return 0;
    if (is_program_) {
        // The keeper is a thread of this process, and may what this may.
        const int pid = memory.process(actor.slot()).pid.get();
        // One that is down has no process: the number may be another's by now.
        const shm::process_state state = memory.process(actor.slot()).present().state;
        if (pid > 0 && memory.processes().is_alive(actor) && state != shm::process_state::down && ::kill(pid, 0) != 0 &&
            errno != ESRCH)
            return errno;
        tell_keeper(wanted);
        return 0;
    }
    keepers::signal_answer said = 0;
    // Where no descriptors are left, it is not heard whether it went well.
    if (!ask_keeper(wanted, {reinterpret_cast<std::byte*>(&said), sizeof said})) tell_keeper(wanted);
    return said;
}

int own_process::signal_command(std::size_t cell, keepers::keeper_word word, int signal) const noexcept {
    const keepers::keeper_message wanted{.word = word, .slot = participant_.slot(), .subject = cell, .value = signal};
    keepers::signal_answer said = 0;
    if (!ask_keeper(wanted, {reinterpret_cast<std::byte*>(&said), sizeof said})) tell_keeper(wanted);
    return said;
}

task<> own_process::refuse_mail() {
    if (mailbox_ != nullptr) {
        mailbox_->of().close();
        for (;;) {
            detail::next_letter next(*mailbox_);
            if (!co_await next) break;
            const detail::reply_address refused = detail::reply_address_of(next.in_hand());
        }
    }
    co_await sleep_for(std::chrono::nanoseconds::max());
}

// --- what it is asked ----------------------------------------------------------------------------------------------

std::uint32_t own_process::asked() const noexcept { return participant_.self().requests.asked(); }

bool own_process::stop_requested() const noexcept { return (asked() & shm::ask_stop) != 0; }

int own_process::dying_of() const noexcept { return process::ending_signal(); }

bool own_process::glance() {
    const std::uint32_t bits = asked();
    return (bits & shm::ask_interrupt) != 0 || ((bits & shm::ask_stop) != 0 && !told_to_stop_) ||
           (process::ending_signal() != 0 && !told_to_die_);
}

// Whatever this process waits for ends as cancelled.
void own_process::interrupt_wait() {
    if (detail::branch* awaited = loop::event_loop::current().awaited()) {
        awaited->interrupt();
    } else {
        turns_.interrupt();
    }
}

void own_process::fail(std::exception_ptr failure) noexcept {
    if (failure_) return;
    failure_ = std::move(failure);
    interrupt_wait();
}

bool own_process::poll() {
    bool found = false;
    if (process::ending_signal() != 0 && !told_to_die_) {
        told_to_die_ = true;
        found = true;
        interrupt_wait();
    }
    if (!told_to_stop_ && stop_requested()) {
        told_to_stop_ = true;
        found = true;
        if (mailbox_ != nullptr) mailbox_->of().close();
    }
    if ((asked() & shm::ask_interrupt) != 0 || process::take_interrupt()) {
        found = true;
        participant_.self().requests.dealt_with(shm::ask_interrupt);
        interrupt_wait();
    }
    return found;
}

loop::parking own_process::park() { return glance() ? loop::parking::ready : loop::parking::parked; }

}  // namespace troupe::actors
