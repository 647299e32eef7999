#include "launch/start.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include <troupe/error.hpp>

#include "base/function_name.hpp"
#include "base/step.hpp"
#include "channel/making.hpp"
#include "channel/own_files.hpp"
#include "channel/port.hpp"
#include "launch/circumstances.hpp"
#include "launch/exec.hpp"
#include "launch/fork_request.hpp"
#include "launch/keeper_thread.hpp"
#include "launch/newborn.hpp"
#include "launch/reason.hpp"
#include "process/exit_handlers.hpp"
#include "process/message_socket.hpp"
#include "process/signals.hpp"
#include "process/standard_streams.hpp"
#include "shm/shared_text.hpp"

namespace troupe::launch {
namespace {

using namespace std::chrono_literals;

// A deadline that lies behind the end of the clock, or nearly so, is none.
constexpr std::chrono::nanoseconds never = std::chrono::hours(24 * 365 * 200);

// An actor that was given none has the name of its function.
std::string name_for(const spawn_options& options, const detail::start_request& request) {
    if (!options.name.empty()) return options.name;
    return base::function_name(request.entry->name()).substr(0, sizeof(shm::identity::name) - 1);
}

// The forkserver has stayed where it was started; its actors start where their parent is now. By a descriptor, because
// the way there may be closed to this user, or gone.
base::owned_fd working_directory() {
    return base::above_standard(base::owned_fd(open("/proc/self/cwd", O_PATH | O_DIRECTORY | O_CLOEXEC)));
}

}  // namespace

start::start(actors::own_process& here, const spawn_options& options, detail::start_request& request,
             detail::actor_id again)
    : here_(here), method_(options.method), name_(name_for(options, request)), daemon_(options.daemon), again_(again) {
    if (method_ == start_method::default_method) {
        method_ = static_cast<start_method>(here.memory().header().start_method);
    }
    if (again_) {
        slot_ = again.slot();
        actor_ = again;
        if (!here.memory().processes().restart(again)) throw spawn_failed("actor '" + name_ + "' is not down");
    } else {
        claim_slot();
    }
    try {
        if (!again_) fill(options, request);
        prepare(options, request);
    } catch (...) {
        refuse_quietly();
        throw;
    }
}

void start::claim_slot() {
    const auto claimed = here_.memory().processes().claim(here_.participant().slot());
    if (!claimed) {
        throw spawn_failed("there are " + std::to_string(here_.memory().header().most_actors) +
                           " actors in this program, and that is the most there can be; await some of them first, or "
                           "raise run_options::actors (to 4095 at most)");
    }
    slot_ = *claimed;
    actor_ = slot().actor();
}

start::~start() {
    if (over_) return;
    // Cancelled: the process may be anywhere between its first instruction and its function.
    here_.tell_keeper({.word = keepers::keeper_word::signal, .slot = slot_, .subject = actor_.value, .value = SIGKILL});
    // Where there is no process, none comes: no server will take it up from now on.
    if (slot().pid.get() == 0) refuse_quietly();
    if (again_) here_.tell_keeper({.word = keepers::keeper_word::let_go, .slot = slot_, .subject = actor_.value});
    drop_arguments();
}

void start::fill(const spawn_options& options, detail::start_request& request) {
    shm::process_slot& slot = this->slot();
    slot.who.parent.set(here_.participant().actor());
    slot.who.entry.set(request.entry->key());
    shm::store_text(slot.who.name, name_);
    slot.supervision.revival.set(static_cast<std::uint32_t>(request.revival));
    slot.supervision.deliveries.set(request.deliveries);
    if (request.revival != detail::revival::never) {
        // One that was let go before it died has left what it had in hand.
        for (shm::request_in_hand& one : slot.in_hand) one.clear();
    }
    const bool timed = here_.memory().header().has_deadlines != 0 && options.message_deadline < never;
    const std::chrono::nanoseconds deadline = timed ? options.message_deadline : 0s;
    slot.who.message_deadline.set(static_cast<std::uint64_t>(deadline.count()));
    slot.watchers.add(here_.participant().slot());
    if (request.has_mailbox) {
        const auto bits = static_cast<unsigned>(std::bit_width(options.mailbox / shm::granule_bytes - 1));
        const shm::channel_id mailbox =
            channel::make_channel(here_.participant(), shm::channel_kind::mailbox, bits, {.reader = slot_});
        slot.who.mailbox.set(mailbox);
        here_.memory().channels().open(mailbox);
    }
    TROUPE_STEP("spawn: mailbox made");
}

void start::prepare(const spawn_options& options, detail::start_request& request) {
    pack(options, request);
    doorbell_ = base::above_standard(base::owned_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    if (!doorbell_) {
        const int error = errno;
        throw spawn_failed("actor '" + name_ + "' could not be given a doorbell" + reason(error));
    }
    // A link stands before the process does, so that no crash comes too early for it.
    here_.tell_keeper({.word = keepers::keeper_word::expect,
                       .slot = slot_,
                       .subject = actor_.value,
                       .value = static_cast<std::int32_t>(slot().incarnation.known()),
                       .linked = options.linked ? 1u : 0u},
                      {doorbell_.get()});
}

// {bytes of the circumstances:4}{flat:4} circumstances, arguments; one parcel.
void start::pack(const spawn_options& options, detail::start_request& request) {
    circumstances around_it{options.directory, options.environment, options.limits, process::place_of(request.entry),
                            request.entry->hash()};
    const detail::encoded_message around = detail::encoded(around_it);
    detail::encoded_message all;
    const std::uint32_t head[2] = {static_cast<std::uint32_t>(around->bytes.size()), request.arguments->flat ? 1u : 0u};
    all->bytes.append(head, sizeof head);
    all->bytes.append(around->bytes.data(), around->bytes.size());
    all->bytes.append(request.arguments->bytes.data(), request.arguments->bytes.size());
    all->handles.swap(request.arguments->handles);
    channel::own_files* const files = here_.participant().files_in_use();
    if (files != nullptr) files->hand_over(all->handles);
    const mail::parcel_label label = channel::or_make_room(
        here_.participant(), [&] { return mail::pack_parcel(here_.memory(), here_.participant().owner(), *all); });
    if (files != nullptr) {
        files->note_packed(label.block);
        files->close_those_of(label.block);
    }
    arguments_ = label;
    slot().start.arguments.set(label.block);
    slot().start.arguments_stamp.set(label.stamp);
    slot().start.starter.set(here_.participant().self().incarnation.known());
}

bool start::go() {
    if (!std::exchange(announced_, true)) {
        if (!again_) here_.children().add(actor_, daemon_);
        process::flush_standard_streams();  // what the parent printed stands before what the child prints
    }
    switch (method_) {
    case start_method::spawn: exec(); break;
    case start_method::fork: copy_here(); break;
    case start_method::forkserver:
    case start_method::default_method:
        if (!ask_server(if_full::returns)) return false;
        break;
    }
    here_.participant().chronicler().note_spawned(actor_);
    return true;
}

bool start::ask_server(if_full what) {
    server_ends_ = here_.memory().header().server.ends();
    const std::uint32_t incarnation = slot().incarnation.known();
    const fork_request wanted{slot_, here_.participant().slot(), actor_.value, incarnation};
    const base::owned_fd directory = working_directory();
    const std::array<int, 3> with{doorbell_.get(), here_.participant().doorbell(), directory.get()};
    if (!directory ||
        !process::send_message(way_to_server(), {reinterpret_cast<const std::byte*>(&wanted), sizeof wanted}, with,
                               what == if_full::waits)) {
        const int error = errno;
        if (directory && error == EAGAIN) return false;
        refuse("the forkserver could not be asked to start actor '" + name_ + "'" + reason(error));
    }
    // sync: asked of the server - publishes that a process is wanted, before the look whether it runs
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!here_.memory().header().server.runs()) here_.tell_keeper({.word = keepers::keeper_word::server_wanted});
    return true;
}

void start::tell_born(process::cloned& made) {
    TROUPE_STEP("spawn: process made");
    const auto incarnation = static_cast<std::int32_t>(slot().incarnation.known());
    const keepers::keeper_message born{
        .word = keepers::keeper_word::born, .slot = slot_, .subject = actor_.value, .value = incarnation};
    if (made.pidfd) {
        here_.tell_keeper(born, {made.pidfd.get()});
    } else {
        here_.tell_keeper(born);  // which finds it by its slot
    }
}

void start::exec() {
    process::cloned made = exec_actor(parentage(), here_.memory(), here_.sockets(), slot_, doorbell_.get(),
                                      here_.participant().doorbell());
    if (!made) refuse("actor '" + name_ + "' could not be started" + reason(made.error));
    tell_born(made);
}

void start::copy_here() {
    if (const int threads = process::threads_of_this_process(); !here_.is_program() && threads > 1) {
        refuse("actor '" + name_ + "' could not be forked: its parent has " + std::to_string(threads) +
               " threads, and the copy would hold for ever what the others have locked; use start method spawn or "
               "forkserver for it (spawn_options::method)");
    }
    // A signal that is meant for the child must not be noted by the parent's handlers in it, and forgotten.
    std::optional<process::signals_held> held(std::in_place);
    process::cloned made = process::copy_process(parentage(), &slot().pid.for_clone());
    if (made.pid == 0) {
        TROUPE_STEP("fork: copied");
        // This is the child. Of the parent's objects it takes what it needs, and never touches the others again.
        newborn born{here_.participant().take_memory(), slot_, actor_};
        if (!born.memory.memory().remap()) _exit(127);
        born.memory.process(slot_).pid.set(getpid());  // the parent may not have come to that
        born.doorbell = std::move(doorbell_);
        born.parent = here_.participant().slot();
        born.parent_doorbell = here_.participant().take_doorbell();
        born.sockets = here_.take_sockets();
        process::leave_inherited_exit_handlers(process::leaks::not_looked_for);
        process::leave_inherited_streams();
        born.signals = held->hand_over();
        here_.participant().doorbells().close_all();
        if (auto* const files = here_.participant().files_in_use()) files->close_all();
        here_.answers().close();
        keeper_thread::close_in_fork_child();
        actors::own_process::abandon();
        be_actor(std::move(born));
    }
    held.reset();
    if (!made) refuse("actor '" + name_ + "' could not be forked" + reason(made.error));
    tell_born(made);
}

bool start::arrived() {
    shm::process_slot& slot = this->slot();
    const shm::life_value now = slot.present();
    if (!now.is_of(actor_)) {
        over_ = true;  // begun, ended, and its slot has another actor already
        return true;
    }
    switch (now.state) {
    case shm::process_state::running: over_ = true; return true;
    case shm::process_state::starting:
        if (method_ == start_method::forkserver) {
            const shm::server_record& server = here_.memory().header().server;
            // What happened before this request was made is not its business.
            if (server.ends() == server_ends_) return false;
            if (const int error = server.error()) {
                refuse("the forkserver could not be started" + reason(error));
            }
            ask_server(if_full::waits);  // there is room: what others asked of the one that has ended is dropped
        }
        return false;
    case shm::process_state::cloning: return false;
    case shm::process_state::failed: break;
    case shm::process_state::down:
    case shm::process_state::dead:
    case shm::process_state::free:
        // It may have begun and ended by now.
        if (slot.activity.begun.get() == 0) break;
        over_ = true;
        return true;
    }
    std::string why = shm::load_text(slot.start.failure);
    if (why.empty()) {
        const auto status = here_.memory().ends().of(actor_);
        why = "its process " + to_string(status.value_or(exit_status::from_nothing())) +
              " before it reached its function: does main reach troupe::run, and do static initialisers succeed?";
    }
    refuse("actor '" + name_ + "' could not be started: " + why);
}

bool start::changed() const {
    const auto state = slot().state_of(actor_);
    if (state == shm::process_state::cloning) return false;
    if (state != shm::process_state::starting) return true;
    return method_ == start_method::forkserver && here_.memory().header().server.ends() != server_ends_;
}

// No process will come of it: the keeper frees what was prepared.
void start::refuse_quietly() {
    over_ = true;
    shm::process_slot& slot = this->slot();
    const shm::life_value now = slot.present();
    const shm::process_state next = again_ ? shm::process_state::down : shm::process_state::failed;
    const bool unused = now.state == shm::process_state::starting || now.state == shm::process_state::failed;
    if (now.is_of(actor_) && unused && now.state != next) slot.life.move(now, next);
    drop_arguments();
    if (again_) return;
    here_.tell_keeper({.word = keepers::keeper_word::discard, .slot = slot_, .subject = actor_.value});
}

// Unless the process that was to take them has.
void start::drop_arguments() noexcept {
    shm::block_store& blocks = here_.memory().blocks();
    const shm::block_id block{arguments_.block};
    if (!block) return;
    if (!mail::is_stamped(here_.memory(), block, arguments_.stamp) ||
        !blocks.withdraw(block, here_.participant().owner()))
        return;
    mail::discard_parcel(here_.memory(), block, [this](shm::channel_id held) {
        here_.tell_keeper({.word = keepers::keeper_word::look_at, .subject = held.value});
    });
}

void start::refuse(const std::string& why) {
    refuse_quietly();
    throw spawn_failed(why);
}

}  // namespace troupe::launch
