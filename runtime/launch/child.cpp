// An actor's process, from its first instruction to its last.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/sync_wait.hpp>

#include "base/step.hpp"
#include "base/system_failure.hpp"
#include "base/type_name.hpp"
#include "channel/port.hpp"
#include "launch/calling.hpp"
#include "launch/circumstances.hpp"
#include "launch/handed.hpp"
#include "launch/lifetime.hpp"
#include "launch/logger.hpp"
#include "launch/newborn.hpp"
#include "mail/parcel.hpp"
#include "process/birthmark.hpp"
#include "process/clone.hpp"
#include "process/crash_handler.hpp"
#include "process/exit_handlers.hpp"
#include "process/lifeline.hpp"
#include "process/limits.hpp"
#include "process/message_socket.hpp"
#include "process/signals.hpp"
#include "process/standard_streams.hpp"
#include "shm/shared_text.hpp"

namespace troupe::launch {
namespace {

constexpr int could_not_begin = 127;

class arriving final : public detail::birth {
public:
    explicit arriving(actors::own_process& here) : here_(here) {}

    // Takes over the parcel; throws corrupt when it is not what the parent packed.
    circumstances open() {
        const shm::process_slot& self = here_.participant().self();
        const shm::block_id block{self.start.arguments.get()};
        const std::uint64_t stamp = self.start.arguments_stamp.get();
        const auto packer = shm::owner_id::make(self.who.parent.get().slot(), self.start.starter.get());
        const auto content = mail::unpack_parcel(here_.memory(), block, stamp, packer, here_.participant().owner());
        if (!content) throw corrupt("the arguments of this actor are gone");
        block_ = block;
        std::uint32_t head[2];
        if (content->bytes.size() < sizeof head) throw corrupt("the arguments of this actor are damaged");
        std::memcpy(head, content->bytes.data(), sizeof head);
        const auto rest = content->bytes.subspan(sizeof head);
        if (head[0] > rest.size()) throw corrupt("the arguments of this actor are damaged");
        arguments_ = {rest.subspan(head[0]), content->handles, head[1] != 0};
        return detail::decoded<circumstances>({rest.first(head[0]), {}, false});
    }

    detail::incoming arguments() override { return arguments_; }

    void begin() override {
        arguments_ = {};
        mail::discard_parcel(here_.memory(), std::exchange(block_, {}), [this](shm::channel_id held) {
            here_.tell_keeper({.word = keepers::keeper_word::look_at, .subject = held.value});
        });
        here_.open_mailbox();
        shm::process_slot& self = here_.participant().self();
        begun_ = true;
        TROUPE_STEP("child: about to begin");
        self.activity.begun.set(1);
        self.life.move_on(shm::process_state::running);
        here_.participant().notify(parent_);
        // Some of them may want to hear of it.
        if (self.was_restarted()) here_.participant().notify_all(self.watchers);
    }

    detail::reply_address caller() override {
        const shm::process_slot& self = here_.participant().self();
        return {self.who.parent.get().value, self.start.starter.get(), self.start.call.get(), 0};
    }

    void set_parent(std::uint16_t parent) noexcept { parent_ = parent; }
    bool begun() const noexcept { return begun_; }

private:
    actors::own_process& here_;
    shm::block_id block_;
    detail::incoming arguments_;
    std::uint16_t parent_ = 0;
    bool begun_ = false;
};

// One that stands in a library is told from others of its name by its place, and its library may have to be loaded.
const detail::registration& function_for(const circumstances& around, std::uint64_t key) {
    const std::string& library = around.function.library;
    const detail::registration* entry = library.empty() ? detail::registration::find(key)
                                                        : detail::registration::at(process::object_at(around.function));
    if (entry != nullptr && entry->hash() == around.function_hash) return *entry;
    throw spawn_failed(library.empty()
                           ? "its function is not in this executable: is it another binary than its parent's?"
                           : "its function is not in " + library + ": is that another file than its parent loaded?");
}

void settle_in(const circumstances& around, base::owned_fd directory_of_parent, base::post_mortem* page,
               std::uint32_t incarnation) {
    if (directory_of_parent && !process::enter(directory_of_parent.get()) && !around.directory.starts_with('/')) {
        throw spawn_failed(std::string("the working directory of its parent cannot be entered: ") +
                           std::strerror(errno) + "; use start method spawn, or name one (spawn_options::directory)");
    }
    for (const auto& [key, value] : around.environment) setenv(key.c_str(), value.c_str(), 1);
    if (!around.directory.empty() && chdir(around.directory.c_str()) != 0) {
        throw spawn_failed("its working directory '" + around.directory + "': " + std::strerror(errno));
    }
    process::apply(around.limits, page, incarnation);
}

int live(actors::own_process& here, arriving& birth, base::owned_fd directory_of_parent, base::post_mortem* page,
         std::uint32_t incarnation) {
    const shm::process_slot& self = here.participant().self();
    const circumstances around = birth.open();
    settle_in(around, std::move(directory_of_parent), page, incarnation);
    return function_for(around, self.who.entry.get()).call()(birth);
}

void close_on_exec(int first, int last) {
    for (int fd = first; fd <= last; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

process::file_id program_file(const shm::program_header& header) {
    return {.device = header.program_device, .inode = header.program_inode};
}

// This process was executed to be an actor, the forkserver, or the logger.
[[noreturn]] void be_child(const calling& called, log_function log) {
    close_on_exec(handed_memory, called.server || called.logger ? int{handed_bell} : int{handed_parent_bell});
    shm::program_memory memory = shm::program_memory::attach(base::owned_fd(handed_memory));
    if (process::own_file() != program_file(memory.header())) {
        give_up(called, &memory,
                "it is another executable than the program; before troupe::run, main shall not execute another, and a "
                "program whose file is replaced while it runs is not to be started by way of the dynamic loader");
    }
    actors::sockets sockets{base::owned_fd(handed_keeper), base::owned_fd(handed_server),
                            base::owned_fd(handed_lifeline)};
    if (called.logger) {
        sockets.keeper.reset();
        sockets.server.reset();
        be_logger(std::move(memory), base::owned_fd(handed_bell), std::move(sockets.lifeline), log);
    }
    if (called.server) {
        if (!process::die_with_parent(memory.header().program_pid)) _exit(0);
        be_actor(serve_forks(std::move(memory), std::move(sockets), base::owned_fd(handed_requests)));
    }
    process::detach_input();  // whatever main has made of it
    process::wait_for_no_reader();
    newborn born{std::move(memory), called.slot, called.actor};
    born.doorbell = base::owned_fd(handed_bell);
    born.parent = born.memory.process(called.slot).who.parent.get().slot();
    born.parent_doorbell = base::owned_fd(handed_parent_bell);
    born.sockets = std::move(sockets);
    be_actor(std::move(born));
}

}  // namespace

void hang_on_to_program(actors::sockets& sockets, base::owned_fd own) noexcept {
    if (!own) own = process::another_end(sockets.lifeline.get());
    // The one it was copied with is another's; better than none for its own children.
    if (own && process::hang_on(own.get())) sockets.lifeline = std::move(own);
}

namespace {

// The rest of its life but the last instructions.
outcome live_as_actor(newborn born) {
    int code = could_not_begin;
    int signal = 0;
    {
        // relaxed: written once, before any actor was started
        if (!process::die_with_parent(born.memory.header().program_pid)) _exit(could_not_begin);
        hang_on_to_program(born.sockets, std::move(born.lifeline));
        shm::process_slot& slot = born.memory.process(born.slot);
        const shm::life_value now = slot.present();
        if (!now.is_of(born.actor) ||
            (now.state != shm::process_state::starting && now.state != shm::process_state::cloning)) {
            _exit(could_not_begin);  // nobody waits for this process any more
        }
        if (fcntl(STDIN_FILENO, F_GETFD) < 0) process::detach_input();  // there was none to be had
        prctl(PR_SET_NAME, slot.who.name[0] != '\0' ? slot.who.name : program_invocation_short_name, 0, 0, 0);
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        const rlim_t wanted = std::min<rlim_t>(born.memory.header().descriptor_limit, limit.rlim_max);
        if (std::exchange(limit.rlim_cur, wanted) != wanted) setrlimit(RLIMIT_NOFILE, &limit);
        const std::uint32_t incarnation = slot.incarnation.known();
        base::post_mortem* const page = born.memory.processes().keep_post_mortem(born.slot);
        if (page != nullptr) process::write_crashes_to(*page, incarnation, slot.handling.clock.word());

        actors::own_process here(std::move(born.memory), born.slot, std::move(born.doorbell), std::move(born.sockets),
                                 false);
        if (born.signals) {
            process::let_signals_through(*born.signals);
        } else {
            process::let_group_signals_through();
        }
        here.participant().doorbells().know(born.parent, slot.start.starter.get(), std::move(born.parent_doorbell));
        arriving birth(here);
        birth.set_parent(born.parent);
        const outcome end = live_out(
            here, {}, [&] { return live(here, birth, std::move(born.directory), page, incarnation); },
            [&](const base::caught& caught) {
                if (birth.begun()) {
                    slot.ending.note_exception(incarnation, caught.type, caught.text);
                } else {
                    shm::store_text(slot.start.failure, caught.text.empty() ? caught.type : caught.text);
                }
            });
        signal = end.signal;
        if (birth.begun()) code = end.code;
        process::flush_every_stream();
        TROUPE_STEP("child: about to end");
    }
    return {code, signal};
}

}  // namespace

// Nothing that is thrown leaves it: in a copy, what stands below on the stack is the other's.
void be_actor(newborn born) {
    born.memory.memory().leave_mapped();  // until the last instruction
    shm::process_slot& slot = born.memory.process(born.slot);
    outcome end{could_not_begin};
    try {
        end = live_as_actor(std::move(born));
    } catch (...) {
        const base::caught problem = base::current_exception_description();
        shm::store_text(slot.start.failure, problem.text.empty() ? problem.type : problem.text);
    }
    if (end.signal != 0) process::die_of(end.signal);
    std::exit(end.code);
}

void begin_as_child(const calling& called, log_function log) {
    try {
        be_child(called, log);
    } catch (...) {
        give_up(called, nullptr, base::current_exception_description().text);
    }
}

}  // namespace troupe::launch
