// A program that ends while one of its actors has made a process and has not yet told of it: of that nothing is left
// either when `run` has returned.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>

#include <troupe/troupe.hpp>

#include "base/step.hpp"
#include "programs/verdict.hpp"

using namespace std::chrono_literals;

namespace {

troupe::task<> say_and_sleep(troupe::queue<int> ready) {
    co_await ready.put(1);
    co_await troupe::sleep_for(24h);
}

troupe::task<> start_and_hang(troupe::queue<int> ready) {
    troupe::base::step_hook = [](const char* step) {
        while (std::string_view(step) == "spawn: process made") pause();
    };
    co_await troupe::spawn<&say_and_sleep>({.method = troupe::start_method::spawn}, ready);
}

troupe::task<int> live() {
    troupe::queue<int> ready;
    co_await troupe::spawn<&start_and_hang>(ready);
    co_await troupe::with_timeout(60s, ready.get());
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const int code = troupe::run<live>(argc, argv, {.end_budget = 50ms});
    verdict said;
    said.check("half started: the program ends in its budget", code == 0);
    said.check("half started: a process that nobody told of is collected like the others",
               waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD);
    return said.close();
}
