// The main of tests that spawn: the whole Catch2 session is the program, a plain function in the first process, so
// that a test may wait by troupe::sync_wait, and children are diverted before Catch2 starts.
#include <csignal>
#include <string>
#include <troupe/troupe.hpp>
#include <vector>

#include "catch_session.hpp"
#include "logged.hpp"

namespace {

int session(std::vector<std::string> args) {
    std::vector<const char*> argv{"tests"};
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    return run_cases(static_cast<int>(argv.size()), argv.data());
}

}  // namespace

int main(int argc, char** argv) {
    // A shell that runs the tests in the background has these ignored.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGQUIT, SIG_DFL);
    return troupe::run<session>(argc, argv, {.report_crashes = false, .log = &testing::write_to_log});
}
