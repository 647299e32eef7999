// Programs that may open few files: this one starts itself anew with one limit after another, `few_descriptors inner`.
//
// Under a low limit a program either does its work to the end, or ends with a sentence that names the limit. It never
// hangs, is never ended by a signal, and leaves no process.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/troupe.hpp>

#include "channel/participant.hpp"
#include "programs/verdict.hpp"

using namespace std::chrono_literals;

namespace {

constexpr int least = 4, most = 44;
constexpr int watchdog_ms = 20'000;
constexpr int worked = 0, refused = 3;

struct doubled {
    using reply = int;
    int number;
};
struct doubled_by {
    using reply = int;
    troupe::actor<doubled> whom;
    int number;
};

// Whatever is still free.
class every_descriptor {
public:
    every_descriptor() {
        for (int fd = 0; fd >= 0; fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) {
            if (fd > 0) taken_.push_back(fd);
        }
    }
    ~every_descriptor() {
        for (const int fd : taken_) close(fd);
    }
    every_descriptor(const every_descriptor&) = delete;
    every_descriptor& operator=(const every_descriptor&) = delete;

private:
    std::vector<int> taken_;
};

troupe::task<> until_asleep(troupe::detail::actor_id actor) {
    const auto& awake = troupe::channel::participant::here().memory().header().awake;
    while (awake.contains(actor.slot())) co_await troupe::sleep_for(1ms);
}

troupe::task<> work(troupe::mailbox<doubled, doubled_by> inbox) {
    co_await inbox.serve([](doubled d) { return 2 * d.number; },
                         [](doubled_by d) -> troupe::task<int> {
                             const every_descriptor taken;
                             co_await until_asleep(d.whom.id());
                             co_return co_await d.whom.ask(doubled{d.number});
                         });
}

troupe::task<int> live() {
    auto one = co_await troupe::spawn<&work>();
    auto other = co_await troupe::spawn<&work>();
    const int first = co_await one.ask(doubled{1});
    int second = 0, third = 0;
    {
        // Nobody has a descriptor for the doorbell of one that sleeps.
        const every_descriptor taken;
        co_await until_asleep(other.id());
        second = co_await other.ask(doubled{2});
        third = co_await one.ask(doubled_by{other, 3});
    }
    const int fourth = co_await other.ask(doubled_by{one, 4});
    co_return first == 2 && second == 4 && third == 6 && fourth == 8 ? worked : 1;
}

int inner(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    try {
        return troupe::run<live>(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return refused;
    }
}

// --- from outside --------------------------------------------------------------------------------------------------

struct outcome {
    int status = 0;
    bool in_time = false;
    bool nobody_left = false;
    std::string said;
};

[[noreturn]] void be_inner(int limit, int said) {
    dup2(said, STDOUT_FILENO);
    dup2(said, STDERR_FILENO);
    // The limit bounds numbers, so that open ones above it would not count.
    syscall(SYS_close_range, 3u, ~0u, 0u);
    const rlimit few{static_cast<rlim_t>(limit), static_cast<rlim_t>(limit)};
    setrlimit(RLIMIT_NOFILE, &few);
    execl("/proc/self/exe", "few_descriptors", "inner", nullptr);
    _exit(126);
}

outcome run_with(int limit) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const pid_t child = fork();
    if (child == 0) be_inner(limit, ends[1]);
    close(ends[1]);
    outcome seen;
    // Everybody it started writes here too: the end of the stream is the end of them all.
    for (char bytes[4096];;) {
        pollfd more{ends[0], POLLIN, 0};
        if (poll(&more, 1, watchdog_ms) <= 0) break;
        const ssize_t got = read(ends[0], bytes, sizeof bytes);
        if (got <= 0) {
            seen.in_time = true;
            break;
        }
        seen.said.append(bytes, static_cast<std::size_t>(got));
    }
    close(ends[0]);
    if (!seen.in_time) kill(child, SIGKILL);
    waitpid(child, &seen.status, 0);
    // What it leaves becomes a child of this process.
    int others = 0;
    while (waitpid(-1, nullptr, 0) > 0) ++others;
    seen.nobody_left = others == 0;
    return seen;
}

int outer() {
    verdict said;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int that_worked = 0, that_refused = 0;
    for (int limit = least; limit <= most; ++limit) {
        const outcome seen = run_with(limit);
        const bool by_itself = seen.in_time && WIFEXITED(seen.status) && seen.nobody_left;
        const bool it_worked = by_itself && WEXITSTATUS(seen.status) == worked;
        const bool it_said_why = by_itself && !it_worked && seen.said.find("ulimit -n") != std::string::npos;
        ++(it_worked ? that_worked : that_refused);
        said.check(("descriptors: with " + std::to_string(limit) + " a program works, or names the limit").c_str(),
                   it_worked || it_said_why);
        if (!it_worked && !it_said_why) {
            std::printf("    in time: %d, status: %x, nobody left: %d, said: %s\n", seen.in_time, seen.status,
                        seen.nobody_left, seen.said.c_str());
        }
    }
    said.check("descriptors: with the fewest it is refused, with the most it works",
               that_worked > 0 && that_refused > 0);
    return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_inner = argc > 1 && std::string_view(argv[1]) == "inner";
    return is_inner ? inner(argc, argv) : outer();
}
