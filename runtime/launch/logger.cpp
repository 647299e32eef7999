#include "launch/logger.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <optional>

#include "base/say.hpp"
#include "base/type_name.hpp"
#include "logging/logger.hpp"
#include "process/standard_streams.hpp"

namespace troupe::launch {
namespace {

constexpr std::chrono::seconds most_at_end(1);
constexpr unsigned most_seconds_at_end = 1;
constexpr int could_not_log = 1;

pid_t program = 0;

// It ends by itself when it sees that the program is gone; but not where a write waits for somebody who does not read.
void look_for_end(int) {
    if (getppid() != program) alarm(most_seconds_at_end);
}

void set_action(int signal, void (*action)(int)) noexcept {
    struct sigaction now{};
    now.sa_handler = action;
    sigaction(signal, &now, nullptr);
}

// The end of the program is the only one that ends it. Whatever is sent to the group of processes is not for it, and
// whoever sends SIGTERM to it alone has it look for that end.
void be_deaf(pid_t parent) noexcept {
    program = parent;
    set_action(SIGTERM, &look_for_end);
    set_action(SIGCONT, &look_for_end);
    set_action(SIGALRM, SIG_DFL);
    for (const int signal : {SIGINT, SIGPIPE, SIGXFSZ, SIGHUP, SIGUSR1, SIGUSR2}) set_action(signal, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    prctl(PR_SET_PDEATHSIG, SIGCONT);  // which also reaches one that is stopped
}

std::optional<shm::ring> ring_of_log(shm::program_memory& memory) noexcept {
    const shm::channel_id id = memory.header().log.ring();
    if (!id) return std::nullopt;
    return memory.channels().find_ring(memory.channel(id.index()));
}

}  // namespace

void be_logger(shm::program_memory memory, base::owned_fd bell, base::owned_fd lifeline, log_function function) {
    be_deaf(memory.header().program_pid);
    prctl(PR_SET_NAME, "troupe-log");
    int code = could_not_log;
    try {
        const auto ring = ring_of_log(memory);
        if (ring) {
            logging::logger reading(memory, *ring, function);
            if (reading.recover() && reading.run(bell.get(), lifeline.get())) code = 0;
        }
        process::flush_every_stream();
    } catch (...) {
        base::say("the process that writes the log ended with %s", base::current_exception_description().type.c_str());
        _exit(could_not_log);
    }
    memory.memory().leave_mapped();
    std::exit(code);
}

rest_of_log::~rest_of_log() {
    try {
        const auto ring = ring_of_log(memory_);
        if (!ring) return;
        logging::logger rest(memory_, *ring, nullptr);
        const base::duration patience = memory_.header().log.given_up() ? most_at_end : base::duration(0);
        if (rest.recover()) rest.write_rest(base::steady_clock::now() + patience);
        if (const std::uint32_t left = ring->size(); left != 0) base::say("%u lines of the log were not written", left);
    } catch (const std::bad_alloc&) {
        base::say("there is no memory to write the rest of the log");
    }
}

}  // namespace troupe::launch
