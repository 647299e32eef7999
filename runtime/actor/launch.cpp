#include "actor/launch.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/time.hpp>

#include "actor/calling.hpp"
#include "actor/keeper_thread.hpp"
#include "base/function_name.hpp"
#include "base/step.hpp"
#include "base/system_failure.hpp"
#include "channel/making.hpp"
#include "channel/port.hpp"
#include "mail/parcel.hpp"
#include "process/birthmark.hpp"
#include "process/clone.hpp"
#include "process/exit_handlers.hpp"
#include "process/limits.hpp"
#include "process/message_socket.hpp"
#include "process/signals.hpp"
#include "process/standard_streams.hpp"
#include "shm/shared_text.hpp"

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;

// A deadline that lies behind the end of the clock, or nearly so, is none.
constexpr std::chrono::nanoseconds never = std::chrono::hours(24 * 365 * 200);

std::string because(int error) { return std::string(": ") + std::strerror(error); }

std::string advice_for(int error) {
    if (error == EAGAIN) return "; the system's limit of processes is reached (ulimit -u, pids.max of the cgroup)";
    if (error == ENOMEM) return "; there is no memory for another process";
    if (error == ENOENT) return "; is /proc mounted?";
    if (error == ECANCELED) return ": it ends before it serves; does main reach troupe::run?";
    return base::descriptor_advice(error);
}

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

// All symbols are bound when a process starts: the forkserver does that once, in place of each of its clones.
constexpr const char *binding = "LD_BIND_NOW", *our_binding = "troupe";

exec_environment::exec_environment(const std::string& calling, bool bind_now) {
    const std::string stale = std::string(process::birthmark_variable) + '=';
    for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
        if (!std::string_view(*one).starts_with(stale)) lines_.emplace_back(*one);
    }
    lines_.push_back(process::birthmark(calling));
    if (bind_now && std::getenv(binding) == nullptr) lines_.push_back(std::string(binding) + '=' + our_binding);
    for (std::string& line : lines_) pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
}

void clean_environment() noexcept {
    unsetenv(process::birthmark_variable);
    if (const char* how = std::getenv(binding); how != nullptr && how == std::string_view(our_binding)) {
        unsetenv(binding);
    }
}

process::cloned exec_actor(process::parentage parentage, shm::program_memory& memory, const sockets& sockets,
                           std::uint16_t slot_number, int bell, int parent_bell, int directory) {
    shm::process_slot& slot = memory.process(slot_number);
    exec_environment environment(to_string(calling{.slot = slot_number, .actor = slot.actor()}));
    const std::array<int, 6> descriptors{
        memory.memory().fd(), sockets.keeper.get(), sockets.server.get(), sockets.lifeline.get(), bell, parent_bell};
    process::exec_request request;
    request.parentage = parentage;
    request.pid_word = &slot.pid.for_clone();
    request.descriptors = descriptors;
    request.environment = environment.get();
    request.directory = directory;
    process::cloned made = process::clone_and_exec(request);
    if (made && made.error != 0) {
        std::snprintf(slot.start.failure, sizeof slot.start.failure, "the program could not be executed again: %s%s",
                      std::strerror(made.error), advice_for(made.error).c_str());
    }
    return made;
}

// A start on its way: what was prepared is given back unless a process came of it.
class launch {
public:
    // `again`: of an actor that is down, whose slot and mailbox stay.
    launch(own_process& here, const spawn_options& options, detail::start_request& request,
           detail::actor_id again = {});
    launch(const launch&) = delete;
    launch& operator=(const launch&) = delete;
    ~launch();

    void go();
    // The process that is being started: not there yet, at its function, or lost (throws).
    bool arrived();
    // Whether `arrived` would say something new.
    bool changed() const;
    detail::actor_id actor() const noexcept { return actor_; }

private:
    shm::process_slot& slot() const { return here_.memory().process(slot_); }
    void claim_slot();
    void fill(const spawn_options& options, detail::start_request& request);
    void prepare(const spawn_options& options, detail::start_request& request);
    void pack(const spawn_options& options, detail::start_request& request);
    void ask_server();
    process::parentage parentage() const noexcept {
        return here_.is_program() ? process::parentage::child : process::parentage::sibling;
    }
    void tell_born(process::cloned& made);
    void copy_here();
    void exec();
    void drop_arguments() noexcept;
    void refuse_quietly();
    [[noreturn]] void refuse(const std::string& why);

    own_process& here_;
    start_method method_;
    std::uint16_t slot_ = 0;
    detail::actor_id actor_;
    std::string name_;
    base::owned_fd doorbell_;
    std::uint32_t server_ends_ = 0;
    mail::parcel_label arguments_;
    bool daemon_;
    bool again_;
    bool launched_ = false;
    bool over_ = false;
};

launch::launch(own_process& here, const spawn_options& options, detail::start_request& request, detail::actor_id again)
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

void launch::claim_slot() {
    const auto claimed = here_.memory().processes().claim(here_.participant().slot());
    if (!claimed) {
        throw spawn_failed("there are " + std::to_string(here_.memory().header().most_actors) +
                           " actors in this program, and that is the most there can be; await some of them first, or "
                           "raise run_options::actors (to 4095 at most)");
    }
    slot_ = *claimed;
    actor_ = slot().actor();
}

launch::~launch() {
    if (over_) return;
    // Cancelled: the process may be anywhere between its first instruction and its function.
    here_.tell_keeper({.word = keeper_word::signal, .slot = slot_, .subject = actor_.value, .value = SIGKILL});
    if (!launched_ || method_ == start_method::forkserver) refuse_quietly();  // no server will take it up from now on
    if (again_) here_.tell_keeper({.word = keeper_word::let_go, .slot = slot_, .subject = actor_.value});
    drop_arguments();
}

void launch::fill(const spawn_options& options, detail::start_request& request) {
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

void launch::prepare(const spawn_options& options, detail::start_request& request) {
    pack(options, request);
    doorbell_ = base::above_standard(base::owned_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    if (!doorbell_) {
        const int error = errno;
        throw spawn_failed("actor '" + name_ + "' could not be given a doorbell" + because(error) + advice_for(error));
    }
    // A link stands before the process does, so that no crash comes too early for it.
    here_.tell_keeper({.word = keeper_word::expect,
                       .slot = slot_,
                       .subject = actor_.value,
                       .value = static_cast<std::int32_t>(slot().incarnation.known()),
                       .linked = options.linked ? 1u : 0u},
                      {doorbell_.get()});
}

// {bytes of the circumstances:4}{flat:4} circumstances, arguments; one parcel.
void launch::pack(const spawn_options& options, detail::start_request& request) {
    circumstances around_it{options.directory, options.environment, options.limits, process::place_of(request.entry),
                            request.entry->hash()};
    const detail::encoded_message around = detail::encoded(around_it);
    detail::encoded_message all;
    const std::uint32_t head[2] = {static_cast<std::uint32_t>(around->bytes.size()), request.arguments->flat ? 1u : 0u};
    all->bytes.append(head, sizeof head);
    all->bytes.append(around->bytes.data(), around->bytes.size());
    all->bytes.append(request.arguments->bytes.data(), request.arguments->bytes.size());
    all->handles.swap(request.arguments->handles);
    const mail::parcel_label label = channel::or_make_room(
        here_.participant(), [&] { return mail::pack_parcel(here_.memory(), here_.participant().owner(), *all); });
    arguments_ = label;
    slot().start.arguments.set(label.block);
    slot().start.arguments_stamp.set(label.stamp);
    slot().start.starter.set(here_.participant().self().incarnation.known());
}

void launch::go() {
    launched_ = true;
    if (!again_) here_.add_child(actor_, daemon_);
    process::flush_standard_streams();  // what the parent printed stands before what the child prints
    switch (method_) {
    case start_method::spawn: exec(); break;
    case start_method::fork: copy_here(); break;
    case start_method::forkserver:
    case start_method::default_method: ask_server(); break;
    }
}

void launch::ask_server() {
    server_ends_ = here_.memory().header().server.ends();
    const std::uint32_t incarnation = slot().incarnation.known();
    const fork_request wanted{slot_, here_.participant().slot(), actor_.value, incarnation};
    const base::owned_fd directory = working_directory();
    const std::array<int, 3> with{doorbell_.get(), here_.participant().doorbell(), directory.get()};
    if (!directory || !process::send_message(here_.sockets().server.get(),
                                             {reinterpret_cast<const std::byte*>(&wanted), sizeof wanted}, with)) {
        const int error = errno;
        refuse("actor '" + name_ + "' could not be asked of the forkserver" + because(error) + advice_for(error));
    }
    // sync: asked of the server - publishes that a process is wanted, before the look whether it runs
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!here_.memory().header().server.runs()) here_.tell_keeper({.word = keeper_word::server_wanted});
}

void launch::tell_born(process::cloned& made) {
    TROUPE_STEP("spawn: process made");
    const auto incarnation = static_cast<std::int32_t>(slot().incarnation.known());
    const keeper_message born{.word = keeper_word::born, .slot = slot_, .subject = actor_.value, .value = incarnation};
    if (made.pidfd) {
        here_.tell_keeper(born, {made.pidfd.get()});
    } else {
        here_.tell_keeper(born);  // which finds it by its slot
    }
}

void launch::exec() {
    process::cloned made = exec_actor(parentage(), here_.memory(), here_.sockets(), slot_, doorbell_.get(),
                                      here_.participant().doorbell());
    if (!made) refuse("actor '" + name_ + "' could not be started" + because(made.error) + advice_for(made.error));
    tell_born(made);
}

void launch::copy_here() {
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
        here_.participant().close_doorbells();
        keeper_thread::close_in_fork_child();
        own_process::abandon();
        be_actor(std::move(born));
    }
    held.reset();
    if (!made) refuse("actor '" + name_ + "' could not be forked" + because(made.error) + advice_for(made.error));
    tell_born(made);
}

bool launch::arrived() {
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
                refuse("the forkserver could not be started" + (error == ECANCELED ? "" : because(error)) +
                       advice_for(error));
            }
            ask_server();
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

bool launch::changed() const {
    const auto state = slot().state_of(actor_);
    if (state == shm::process_state::cloning) return false;
    if (state != shm::process_state::starting) return true;
    return method_ == start_method::forkserver && here_.memory().header().server.ends() != server_ends_;
}

// No process will come of it: the keeper frees what was prepared.
void launch::refuse_quietly() {
    over_ = true;
    shm::process_slot& slot = this->slot();
    const shm::life_value now = slot.present();
    const shm::process_state next = again_ ? shm::process_state::down : shm::process_state::failed;
    const bool unused = now.state == shm::process_state::starting || now.state == shm::process_state::failed;
    if (now.is_of(actor_) && unused && now.state != next) slot.life.move(now, next);
    drop_arguments();
    if (again_) return;
    here_.tell_keeper({.word = keeper_word::discard, .slot = slot_, .subject = actor_.value});
}

// Unless the process that was to take them has.
void launch::drop_arguments() noexcept {
    shm::block_store& blocks = here_.memory().blocks();
    const shm::block_id block{arguments_.block};
    if (!block) return;
    const auto* header = reinterpret_cast<const mail::parcel_header*>(blocks.at(block));
    // sync: parcel - observes whether it is still the same
    if (header->stamp.load(std::memory_order_acquire) != arguments_.stamp) return;
    if (!blocks.withdraw(block, here_.participant().owner())) return;
    mail::discard_parcel(here_.memory(), block, [this](shm::channel_id held) {
        here_.tell_keeper({.word = keeper_word::look_at, .subject = held.value});
    });
}

void launch::refuse(const std::string& why) {
    refuse_quietly();
    throw spawn_failed(why);
}

namespace {

// Waits until the process that is being started has got to its function. Looks each turn: there are few at a time.
class arrival final : public detail::wait, private loop::source {
public:
    explicit arrival(launch& started) : started_(started) {}
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override { return started_.arrived(); }
    void enlist() override {
        loop::event_loop::current().enroll(*this);
        wake();
    }
    void abandon() noexcept override { loop::event_loop::current().dismiss(*this); }

    bool glance() override { return started_.changed(); }
    bool poll() override {
        if (!started_.changed()) return false;
        wake();
        return true;
    }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}

    launch& started_;
};

void check_options(const spawn_options& options) {
    if (options.name.size() > 63) throw spawn_failed("an actor's name is 63 bytes at most: '" + options.name + "'");
    constexpr std::size_t least = std::size_t{64} << 10, most = std::size_t{256} << 20;
    if (options.mailbox < least || options.mailbox > most) {
        throw spawn_failed("a mailbox of " + std::to_string(options.mailbox) + " bytes for actor '" + options.name +
                           "': it is from 64 KiB to 256 MiB");
    }
    if (options.message_deadline.count() < 0) {
        throw spawn_failed("spawn_options::message_deadline of actor '" + options.name + "' is negative; 0 is none");
    }
    for (const auto& [key, value] : options.environment) {
        if (key.empty() || key.find('=') != std::string::npos || key.find('\0') != std::string::npos ||
            value.find('\0') != std::string::npos) {
            throw spawn_failed("'" + key + "' cannot be the name of an environment variable");
        }
    }
    process::check(options.limits);
}

}  // namespace
}  // namespace troupe::actors

namespace troupe::detail {

task<> restart(actor_id actor, spawn_options options, start_request request) {
    actors::launch started(actors::own_process::here(), options, request, actor);
    started.go();
    co_await actors::arrival(started);
}

task<actor_id> start(spawn_options options, start_request request) {
    actors::own_process& here = actors::own_process::here();
    actors::check_options(options);
    // Slots of actors that ended a moment ago may not be free yet.
    for (int tries = 0; here.memory().processes().full() && tries < 20; ++tries) {
        here.tell_keeper({.word = actors::keeper_word::slots_wanted});
        co_await sleep_for(std::chrono::milliseconds(1));
    }
    actors::launch started(here, options, request);
    started.go();
    co_await actors::arrival(started);
    co_return started.actor();
}

}  // namespace troupe::detail
