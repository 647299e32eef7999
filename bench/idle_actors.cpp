// Keeps as many actors as it is told that have nothing to do, until its standard input ends. bench/observed.py looks at
// them: none may wake up because of that.

#include <troupe/troupe.hpp>

#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

struct nothing {
    int unused;
};

troupe::task<> idler(troupe::mailbox<nothing> inbox) {
    while (co_await inbox.receive()) continue;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    const std::string told = arguments.size() == 1 ? arguments[0] : "";
    if (told.empty() || told.size() > 6 || told.find_first_not_of("0123456789") != std::string::npos) {
        std::fputs("usage: idle_actors NUMBER, of actors, 999999 at most\n", stderr);
        co_return 2;
    }
    std::vector<troupe::actor<nothing>> all;
    for (unsigned long left = std::stoul(told); left > 0; --left) all.push_back(co_await troupe::spawn<idler>());
    std::puts("ready");
    std::fflush(stdout);

    for (char byte = 0;;) {
        co_await troupe::readable(STDIN_FILENO);
        if (read(STDIN_FILENO, &byte, 1) <= 0) break;
    }
    for (const auto& one : all) one.stop();
    bool right = true;
    for (const auto& one : all) {
        const troupe::exit_status status = co_await one.join();
        right = status.code() == 0 && right;
    }
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
