// A program whose static initialisers crash in the processes that it starts: while a file stands that its environment
// names. Where an actor is a copy of its parent, nothing is initialised again.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

using namespace std::chrono_literals;

constexpr const char* variable = "TROUPE_TEST_TRAP";

const bool safe = [] {
    const char* trap = std::getenv(variable);
    if (trap == nullptr || access(trap, F_OK) != 0) return true;
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return false;
}();

int add(int a, int b) { return a + b; }

struct question {
    using reply = unsigned;
};
troupe::task<> answer(troupe::mailbox<question> inbox) {
    co_await inbox.serve([](question) { return troupe::this_actor::incarnation(); });
}

class trap {
public:
    trap() { close(open(std::getenv(variable), O_CREAT | O_CLOEXEC | O_WRONLY, 0600)); }
    ~trap() { unlink(std::getenv(variable)); }
    trap(const trap&) = delete;
    trap& operator=(const trap&) = delete;
};

// More than are kept for a forkserver that does not come.
troupe::task<> fails_often(verdict& said) {
    int failed = 0;
    for (int i = 0; i < 100; ++i) {
        try {
            co_await troupe::spawn<&add>({.method = troupe::start_method::forkserver}, 20, 22);
        } catch (const troupe::spawn_failed&) {
            ++failed;
        }
    }
    said.check("static initialisers: of a hundred starts by a forkserver that does not come each is refused",
               failed == 100);
}

troupe::task<> starts(verdict& said, bool copied, bool serves) {
    {
        const trap set;
        std::string why;
        try {
            const auto end = co_await (co_await troupe::spawn<&add>(20, 22)).join();
            if (end.code() == 42) why = "it came up";
        } catch (const troupe::spawn_failed& failure) {
            why = failure.what();
        }
        said.check("static initialisers: where they crash, the start fails with what is wrong, or needs none of them",
                   copied ? why == "it came up"
                          : why.find("static initialisers") != std::string::npos ||
                                why.find("forkserver could not be started") != std::string::npos);
        if (serves) co_await fails_often(said);
    }
    const auto end = co_await (co_await troupe::spawn<&add>(20, 22)).join();
    said.check("static initialisers: once they succeed, so does the next start", end.code() == 42);
}

troupe::task<> restarts(verdict& said) {
    troupe::supervisor crew({.max_restarts = 2, .window = 60s, .back_off = 1ms});
    const auto one = co_await crew.spawn<&answer>({.name = "clerk", .method = troupe::start_method::spawn});
    const trap set;
    one.kill();
    std::string why;
    try {
        co_await troupe::with_timeout(60s, crew.join());
    } catch (const troupe::gave_up& end) {
        why = end.what();
    }
    said.check("static initialisers: a supervised actor in which they crash at each restart is given up, with a reason",
               why.find("'clerk'") != std::string::npos && !one.alive());
}

int program() {
    verdict said;
    const char* method = std::getenv("TROUPE_START_METHOD");
    const std::string_view by = method != nullptr ? method : "forkserver";
    troupe::sync_wait(troupe::with_timeout(300s, starts(said, by == "fork", by == "forkserver")));
    troupe::sync_wait(troupe::with_timeout(60s, restarts(said)));
    return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string path = "/tmp/troupe-trap-" + std::to_string(getpid());
    setenv(variable, path.c_str(), 0);
    return troupe::run<program>(argc, argv);
}
