#include <troupe/run.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>

#include <troupe/detail/birth.hpp>
#include <troupe/error.hpp>
#include <troupe/this_actor.hpp>

#include "actor/crash_reports.hpp"
#include "base/say.hpp"
#include "base/system_failure.hpp"
#include "launch/budget.hpp"
#include "launch/calling.hpp"
#include "launch/catalogue.hpp"
#include "launch/exec.hpp"
#include "launch/keeper_thread.hpp"
#include "launch/lifetime.hpp"
#include "launch/logger.hpp"
#include "launch/newborn.hpp"
#include "loop/event_loop.hpp"
#include "process/birthmark.hpp"
#include "process/clone.hpp"
#include "process/exit_handlers.hpp"
#include "process/lifeline.hpp"
#include "process/message_socket.hpp"
#include "process/signals.hpp"
#include "process/standard_streams.hpp"
#include "shm/shared_text.hpp"

namespace troupe {
namespace {

constexpr std::uint32_t slots_to_begin_with = 1024;

start_method default_method(const run_options& options) {
    const char* wanted = std::getenv("TROUPE_START_METHOD");
    if (wanted != nullptr && *wanted != '\0') {
        try {
            return parse_start_method(wanted);
        } catch (const misuse& problem) {
            throw misuse(std::string("TROUPE_START_METHOD in the environment: ") + problem.what());
        }
    }
    return options.method == start_method::default_method ? start_method::forkserver : options.method;
}

// For whoever looks at an actor with a debugger, or lets it run slowly.
bool deadlines_wanted() {
    const char* wanted = std::getenv("TROUPE_DEADLINES");
    return wanted == nullptr || wanted != std::string_view("off");
}

// The keeper holds two descriptors for each actor. Main has its own limit back, also where the program cannot begin.
class raised_descriptor_limit {
public:
    raised_descriptor_limit() noexcept {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        found_ = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    ~raised_descriptor_limit() {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = std::min(found_, limit.rlim_max);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    raised_descriptor_limit(const raised_descriptor_limit&) = delete;
    raised_descriptor_limit& operator=(const raised_descriptor_limit&) = delete;

    std::uint64_t found() const noexcept { return found_; }

private:
    rlim_t found_ = 0;
};

base::owned_fd make_doorbell() {
    base::owned_fd bell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!bell) throw base::system_failure(errno, "the program cannot be given a doorbell");
    return bell;
}

// The program's slot is the first.
void take_first_slot(shm::program_memory& memory) {
    memory.processes().claim_keeper();
    const auto slot = memory.processes().claim(0);
    shm::process_slot& self = memory.process(slot.value());
    self.pid.set(getpid());
    shm::store_text(self.who.name, "program");
    self.life.move_on(shm::process_state::running);
}

// The keeper's thread ends, however the program does.
struct stop_at_end {
    actors::own_process& here;
    ~stop_at_end() { here.tell_keeper({.word = keepers::keeper_word::stop}); }
};

// This process has become the program, or one of its actors.
bool has_run = false;

int be_program(int argc, char** argv, const run_options& options, detail::program_entry entry) {
    const start_method method = default_method(options);
    if (options.actors < 1 || options.actors > shm::keeper_slot) throw misuse("run_options::actors is from 1 to 4095");
    if (options.end_budget.count() < 0) throw misuse("run_options::end_budget is negative; 0 is as long as it takes");
    const launch::memory_budget budget = launch::budget_for(options.memory, process::memory_limits_now());
    has_run = true;

    shm::program_memory memory = shm::program_memory::create(budget.bytes, budget.halvings);
    shm::program_header& header = memory.header();
    header.program_pid = getpid();
    header.start_method = static_cast<std::uint32_t>(method);
    header.most_actors = static_cast<std::uint32_t>(options.actors);
    header.turn.begin(std::min(header.most_actors, slots_to_begin_with));
    header.usable_cpus = usable_cpus();
    header.has_deadlines = deadlines_wanted() ? 1 : 0;
    header.report_crashes = options.report_crashes ? 1 : 0;
    const process::file_id file = process::own_file();
    header.program_device = file.device;
    header.program_inode = file.inode;
    const raised_descriptor_limit raised;
    header.descriptor_limit = raised.found();
    launch::write_catalogue(memory);
    take_first_slot(memory);

    process::socket_pair to_keeper = process::make_socket_pair();
    process::socket_pair to_server = process::make_socket_pair();
    process::lifeline lifeline = process::make_lifeline();
    base::owned_fd doorbell = make_doorbell();
    const int bell = doorbell.get();
    launch::exec_environment server_environment("server"), server_environment_bound("server", true),
        log_environment("logger");
    keepers::server_launch server{{server_environment_bound.get(), server_environment.get()},
                                  {memory.memory().fd(), to_keeper.first.get(), to_server.first.get(),
                                   lifeline.to_share.get(), to_server.second.get()},
                                  std::move(to_server.second),
                                  log_environment.get()};
    launch::outcome end;
    {
        actors::own_process here(std::move(memory), 0, std::move(doorbell),
                                 {std::move(to_keeper.first), std::move(to_server.first), std::move(lifeline.to_share)},
                                 true);
        loop::event_loop::current();  // takes its descriptors before the keeper's thread takes any
        const launch::rest_of_log rest(here.memory());
        launch::keeper_thread keeper(here.memory(), std::move(to_keeper.second), std::move(lifeline.held), bell,
                                     std::move(server));
        const stop_at_end stop{here};
        std::optional<actors::crash_reports> reports;
        if (options.report_crashes) reports.emplace(here.participant());
        end = launch::live_out(
            here, options.end_budget,
            [&] {
                std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
                if (entry.start != nullptr) return detail::run_to_end(entry.start(std::move(arguments)));
                return entry.call(std::move(arguments));
            },
            [](const base::caught& caught) {
                base::say("the program ended with %s%s%s", caught.type.c_str(), caught.text.empty() ? "" : ": ",
                          caught.text.c_str());
            });
    }
    loop::event_loop::close();
    process::flush_every_stream();
    if (end.signal != 0) process::die_of(end.signal);
    return end.code & 0xff;
}

constexpr int wrong_use = 2, failure = 1;

}  // namespace

namespace detail {

int run_program(int argc, char** argv, const run_options& options, program_entry entry) {
    try {
        process::keep_standard_descriptors_open();
        if (has_run) throw misuse("troupe::run is called once in a process, from main; this is the second time");
        const auto called = launch::find_calling();
        launch::clean_environment();
        if (called) {
            has_run = true;
            launch::begin_as_child(*called, options.log);
        }
        return be_program(argc, argv, options, entry);
    } catch (const misuse& problem) {
        base::say("%s", problem.what());
        return wrong_use;
    } catch (const std::bad_alloc&) {
        base::say("there is no memory for what troupe::run needs");  // nor for a description of what was thrown
        return failure;
    } catch (...) {
        const base::caught problem = base::current_exception_description();
        base::say("%s", (problem.text.empty() ? problem.type : problem.text).c_str());
        return failure;
    }
}

}  // namespace detail

start_method parse_start_method(std::string_view name) {
    if (name == "spawn") return start_method::spawn;
    if (name == "forkserver") return start_method::forkserver;
    if (name == "fork") return start_method::fork;
    throw misuse("'" + std::string(name) + "' is no start method: use spawn, forkserver or fork");
}

const char* to_string(start_method method) noexcept {
    switch (method) {
    case start_method::spawn: return "spawn";
    case start_method::forkserver: return "forkserver";
    case start_method::fork: return "fork";
    case start_method::default_method: break;
    }
    return "default";
}

}  // namespace troupe
