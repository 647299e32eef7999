// `run` turns main into the first actor, the program, and a process that was started to be another actor into that.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/start_method.hpp>
#include <troupe/task.hpp>

namespace troupe {

struct run_options {
    start_method method = start_method::forkserver;  // of spawns that name none
    std::size_t memory = 0;     // bytes of shared memory the program may use; 0: half of the machine's
    std::size_t actors = 4095;  // the most that live at one time, the program included
};

namespace detail {

// A program in the form the compiled core takes.
struct program_entry {
    task<int> (*start)(std::vector<std::string> arguments);  // null for a plain function
    int (*call)(std::vector<std::string> arguments);
};
int run_program(int argc, char** argv, const run_options& options, program_entry entry);

template <auto Program>
decltype(auto) call_program(std::vector<std::string> arguments) {
    if constexpr (requires { Program(std::move(arguments)); }) {
        return Program(std::move(arguments));
    } else {
        static_assert(requires { Program(); }, "troupe: the program takes nothing, or std::vector<std::string>");
        return Program();
    }
}

template <auto Program>
task<int> start_program(std::vector<std::string> arguments) {
    using result = decltype(call_program<Program>(std::move(arguments)));
    if constexpr (std::is_same_v<result, task<int>>) {
        co_return co_await call_program<Program>(std::move(arguments));
    } else {
        co_await call_program<Program>(std::move(arguments));
        co_return 0;
    }
}

template <auto Program>
int call_plain_program(std::vector<std::string> arguments) {
    if constexpr (std::is_void_v<decltype(call_program<Program>(std::move(arguments)))>) {
        call_program<Program>(std::move(arguments));
        return 0;
    } else {
        return call_program<Program>(std::move(arguments));
    }
}

template <auto Program>
program_entry entry_of_program() {
    using result = decltype(call_program<Program>({}));
    constexpr bool coroutine = std::is_same_v<result, task<int>> || std::is_same_v<result, task<>>;
    static_assert(
        coroutine || std::is_same_v<result, int> || std::is_void_v<result>,
        "troupe: the program returns void or int, or is a coroutine that gives one (troupe::task<>, task<int>)");
    if constexpr (coroutine) {
        return {&start_program<Program>, nullptr};
    } else {
        return {nullptr, &call_plain_program<Program>};
    }
}

}  // namespace detail

// Call it once, from main, and return what it returns: what the program returns (mod 256, as the system does), or 1
// when an exception leaves it, which is printed. What main does before it happens in every spawned process and in the
// forkserver as well. Ctrl-C and SIGTERM unwind the program: its waits throw `cancelled`; it then dies of that signal.
// A second one ends it at once.
//
// When the program's function has returned, the mailboxes of its children end once they are read out and the children
// are awaited; daemons are ended. However the program ends, no actor outlives it.
//
// Throws misuse when called a second time, out_of_memory and std::system_error when the system refuses what it needs.
template <auto Program>
int run(int argc, char** argv, const run_options& options = {}) {
    return detail::run_program(argc, argv, options, detail::entry_of_program<Program>());
}

}  // namespace troupe
