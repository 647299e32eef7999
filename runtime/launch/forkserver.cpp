// The forkserver: a process that main has brought as far as `run`, and that is cloned for every actor from there.
//
// A clone has one thread, and the locks of the other threads as they were in that moment. So a server that has more
// than one, because main made them before `run`, is not cloned: it executes the program for each actor, as start method
// spawn does, and says so.
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include "base/say.hpp"
#include "base/step.hpp"
#include "launch/circumstances.hpp"
#include "launch/exec.hpp"
#include "launch/fork_request.hpp"
#include "launch/newborn.hpp"
#include "launch/reason.hpp"
#include "process/clone.hpp"
#include "process/crash_handler.hpp"
#include "process/exit_handlers.hpp"
#include "process/lifeline.hpp"
#include "process/message_socket.hpp"
#include "process/signals.hpp"
#include "process/standard_streams.hpp"
#include "shm/shared_text.hpp"

namespace troupe::launch {
namespace {

// What every clone does first and what is made once in a process, so that it comes with the clone.
void rehearse() {
    process::catch_crashes();
    const detail::encoded_message nothing = detail::encoded(circumstances{});
    static_cast<void>(detail::decoded<circumstances>(detail::as_incoming(*nothing)));
}

void say_that_it_executes(int threads) noexcept {
    static bool said = false;
    if (std::exchange(said, true)) return;
    base::say(
        "main made threads before troupe::run (there are %d), and a clone would find what they have locked locked for "
        "ever; so the forkserver executes the program for each actor, as start method spawn does. Make the threads "
        "after run has begun.",
        threads);
}

class forkserver {
public:
    forkserver(shm::program_memory memory, actors::sockets sockets, base::owned_fd requests)
        : memory_(std::move(memory)), sockets_(std::move(sockets)), requests_(std::move(requests)) {
        // A terminal's Ctrl-C is the program's; the actors get back what main had set.
        sigaction(SIGINT, &ignored_, &of_main_);
        process::leave_group_signals_to_program();
        process::let_group_signals_through();
    }

    // Returns in the clones alone.
    newborn serve();

private:
    // In a clone: what it is to be.
    std::optional<newborn> start(const fork_request& wanted, process::received& with);
    process::cloned execute(std::uint16_t slot, const process::received& with);
    process::cloned clone(shm::process_slot& slot, base::owned_fd& lifeline);
    newborn become(const fork_request& wanted, process::received& with, base::owned_fd lifeline,
                   const sigset_t& signals);
    void refuse(std::uint16_t slot, const std::string& why);
    void leave_streams() noexcept;

    shm::program_memory memory_;
    actors::sockets sockets_;
    base::owned_fd requests_;
    bool left_streams_ = false;
    struct sigaction of_main_{};
    struct sigaction ignored_ = [] {
        struct sigaction ignored{};
        ignored.sa_handler = SIG_IGN;
        return ignored;
    }();
};

newborn forkserver::serve() {
    memory_.header().server.begin();
    for (;;) {
        fork_request wanted;
        process::received got =
            process::receive_message(requests_.get(), {reinterpret_cast<std::byte*>(&wanted), sizeof wanted}, true);
        // The program is gone, or this socket: then another server is started, which has it.
        if (got.bytes <= 0) _exit(0);
        if (got.bytes != static_cast<std::ptrdiff_t>(sizeof wanted)) continue;
        if (auto born = start(wanted, got)) return std::move(*born);
    }
}

std::optional<newborn> forkserver::start(const fork_request& wanted, process::received& with) {
    const auto slot_number = static_cast<std::uint16_t>(wanted.slot % shm::max_processes);
    shm::process_slot& slot = memory_.process(slot_number);
    const shm::life_value now = slot.present();
    const std::uint32_t number = slot.incarnation.known();
    // Asked for twice, a request may be left over from an earlier start; its doorbell is nobody's any more.
    if (!now.is_of({wanted.actor}) || now.state != shm::process_state::starting || number != wanted.incarnation ||
        !slot.life.move(now, shm::process_state::cloning)) {
        return std::nullopt;
    }
    TROUPE_STEP("forkserver: request taken");
    if (with.descriptor_count != descriptors_of_a_request) {
        refuse(slot_number, "the forkserver has no descriptors left; raise the limit of open files (ulimit -n)");
        return std::nullopt;
    }
    // What is sent to the clone before its own handlers stand waits for them.
    process::signals_held held;
    const int threads = process::threads_of_this_process();
    if (threads > 1) say_that_it_executes(threads);
    if (threads == 1) leave_streams();
    base::owned_fd lifeline;
    const process::cloned made = threads > 1 ? execute(slot_number, with) : clone(slot, lifeline);
    if (made.pid == 0) return become(wanted, with, std::move(lifeline), held.hand_over());
    TROUPE_STEP("forkserver: cloned");
    if (!made) {
        refuse(slot_number, "the forkserver could not clone" + reason(made.error));
        return std::nullopt;
    }
    const keepers::keeper_message born{.word = keepers::keeper_word::born,
                                       .slot = slot_number,
                                       .subject = wanted.actor,
                                       .value = static_cast<std::int32_t>(wanted.incarnation)};
    const int pidfd = made.pidfd.get();
    const std::span bytes{reinterpret_cast<const std::byte*>(&born), sizeof born};
    // Without the pidfd when too many descriptors are on their way: the keeper finds the process by its slot.
    if (!process::send_message(sockets_.keeper.get(), bytes, {&pidfd, 1})) {
        process::send_message(sockets_.keeper.get(), bytes, {});
    }
    return std::nullopt;
}

process::cloned forkserver::execute(std::uint16_t slot, const process::received& with) {
    const auto& [bell, parent_bell, directory, none] = with.descriptors;
    // What is ignored stays so across an exec.
    sigaction(SIGINT, &of_main_, nullptr);
    process::cloned made = exec_actor(process::parentage::sibling, memory_, sockets_, slot, bell.get(),
                                      parent_bell.get(), directory.get());
    sigaction(SIGINT, &ignored_, nullptr);
    return made;
}

// The clone's end of the lifeline is opened here, where the way through /proc is known: a new process would have to
// make it, and does so where descriptors are short here.
process::cloned forkserver::clone(shm::process_slot& slot, base::owned_fd& lifeline) {
    lifeline = process::another_end(sockets_.lifeline.get());
    process::cloned made = process::copy_process(process::parentage::sibling, &slot.pid.for_clone());
    if (made || made.error != EMFILE || !lifeline) return made;
    lifeline.reset();
    return process::copy_process(process::parentage::sibling, &slot.pid.for_clone());
}

newborn forkserver::become(const fork_request& wanted, process::received& with, base::owned_fd lifeline,
                           const sigset_t& signals) {
    constexpr int could_not_begin = 127;
    auto& [bell, parent_bell, directory, none] = with.descriptors;
    const auto slot = static_cast<std::uint16_t>(wanted.slot % shm::max_processes);
    if (!memory_.memory().remap()) _exit(could_not_begin);
    process::leave_inherited_exit_handlers(process::leaks::looked_for);
    memory_.processes().touch(slot);
    requests_.reset();
    sigaction(SIGINT, &of_main_, nullptr);
    newborn born{std::move(memory_), slot, detail::actor_id{wanted.actor}};
    born.doorbell = std::move(bell);
    born.parent = static_cast<std::uint16_t>(wanted.parent % shm::max_processes);
    born.parent_doorbell = std::move(parent_bell);
    born.directory = std::move(directory);
    born.sockets = std::move(sockets_);
    born.lifeline = std::move(lifeline);
    born.signals = signals;
    return born;
}

// What main has read ahead, or could not write, before it came here: once, for all the clones.
void forkserver::leave_streams() noexcept {
    if (!std::exchange(left_streams_, true)) process::leave_inherited_streams();
}

void forkserver::refuse(std::uint16_t slot_number, const std::string& why) {
    shm::process_slot& slot = memory_.process(slot_number);
    shm::store_text(slot.start.failure, why);
    // Of one that was to be started again: nobody who has a reference sees it dead unless it is given up.
    slot.life.move_on(slot.was_restarted() ? shm::process_state::down : shm::process_state::failed);
    const keepers::keeper_message told{
        .word = keepers::keeper_word::not_born, .slot = slot_number, .subject = slot.actor().value};
    process::send_message(sockets_.keeper.get(), {reinterpret_cast<const std::byte*>(&told), sizeof told}, {});
}

}  // namespace

newborn serve_forks(shm::program_memory memory, actors::sockets sockets, base::owned_fd requests) {
    hang_on_to_program(sockets, {});
    process::detach_input();
    rehearse();
    process::flush_every_stream();  // what main printed before run: the clones do not
    prctl(PR_SET_NAME, "troupe-forks", 0, 0, 0);
    return forkserver(std::move(memory), std::move(sockets), std::move(requests)).serve();
}

}  // namespace troupe::launch
