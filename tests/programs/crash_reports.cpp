// What a program writes to its stderr when actors crash, and what not.
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

using namespace std::chrono_literals;

struct ask_incarnation {
    using reply = unsigned;
};
struct fall {
    using reply = int;
};

__attribute__((noinline, no_sanitize("address", "undefined"))) int fall_over() {
    raise(SIGSEGV);
    return 0;
}

troupe::task<> answer(troupe::mailbox<ask_incarnation, fall> inbox) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    co_await inbox.serve([](ask_incarnation) { return troupe::this_actor::incarnation(); },
                         [](fall) { return fall_over(); });
}
void fail() { throw std::runtime_error("as planned"); }
void fail_of_many(int number) { throw std::runtime_error("number " + std::to_string(number)); }
int give(int code) { return code; }

troupe::task<int> program() {
    troupe::supervisor crew;
    auto clerk = co_await crew.spawn<&answer>({.name = "clerk"});
    for (unsigned i = 0; i < 2; ++i) {
        try {
            co_await clerk.ask(fall{}, 20s);
        } catch (const troupe::actor_died&) {
        }
        if (co_await clerk.ask(ask_incarnation{}, 20s) != i + 1) co_return 1;
    }
    co_await crew.stop();
    co_await (co_await troupe::spawn<&fail>({.name = "failing"})).join();
    co_await (co_await troupe::spawn<&give>({.name = "giving"}, 3)).join();
    auto killed = co_await troupe::spawn<&answer>({.name = "killed"});
    killed.kill();
    co_await killed.join();
    auto terminated = co_await troupe::spawn<&answer>({.name = "terminated"});
    terminated.terminate();
    co_await terminated.join();
    co_await (co_await troupe::spawn<&fail>()).join();
    // More than are written in full; and all are over before the program looks again.
    std::vector<troupe::actor<>> many;
    for (int i = 0; i < 20; ++i) many.push_back(co_await troupe::spawn<&fail_of_many>(i));
    for (const auto& one : many) co_await one.join();
    co_return 0;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t times = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
    return times;
}

std::string written(int file) {
    std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), ' ');
    const ssize_t read = pread(file, text.data(), text.size(), 0);
    text.resize(read < 0 ? 0 : static_cast<std::size_t>(read));
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    const int shown = dup(STDERR_FILENO);
    const int file = memfd_create("stderr", MFD_CLOEXEC);
    dup2(file, STDERR_FILENO);
    const int code = troupe::run<program>(argc, argv);
    dup2(shown, STDERR_FILENO);
    const std::string text = written(file);
    verdict said;
    said.check("report_crashes: the program goes on as without it", code == 0);
    said.check("report_crashes: each crash of an actor is reported once, with its name",
               count(text, "was ended by signal 11") == 2 && count(text, "actor 'clerk' (pid ") == 2);
    said.check("report_crashes: the report has the stack and the message in hand",
               count(text, "  #") >= 2 && count(text, "handling ") >= 2);
    said.check("report_crashes: so is an exception that nobody caught",
               count(text, "ended with std::runtime_error: as planned") == 2 && count(text, "'failing' (pid ") == 1);
    said.check("report_crashes: an actor without a name is called by its function",
               count(text, "actor 'fail' (pid ") == 1);
    said.check("report_crashes: what was meant is not reported",
               count(text, "giving") + count(text, "killed") + count(text, "terminated") == 0);
#ifdef TROUPE_SYMBOLS
    said.check("report_crashes: of the stack the program's own calls are written, the others are counted",
               count(text, "fall_over()") >= 2 && count(text, " frames of troupe") == 2 &&
                   text.find("  #0 ") == std::string::npos && count(text, " troupe::detail::") == 0);
#endif
    said.check("report_crashes: the first ten are written in full, and the others are counted",
               count(text, "std::runtime_error: number ") == 6 && count(text, "20 actors have crashed by now") <= 1 &&
                   count(text, "14 of 24 crashes were not reported one by one") == 1);
    if (said.close() == 0) return 0;
    std::fprintf(stderr, "%s", text.c_str());
    return 1;
}
