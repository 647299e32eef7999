// What the tests of commands have in common.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "watched.hpp"

namespace commanding {

inline troupe::command shell(const std::string& script) { return troupe::command({"sh", "-c", script}); }

// It runs no more; whoever is its parent by now may not have looked at its end yet.
inline bool is_over(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line)) return true;
    const std::size_t name_end = line.rfind(')');
    return name_end == std::string::npos || line.at(name_end + 2) == 'Z' || line.at(name_end + 2) == 'X';
}

// Nobody tells.
inline troupe::task<> until_over(pid_t pid) {
    while (!is_over(pid)) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

inline troupe::task<pid_t> read_pid(troupe::input_stream* from) {
    std::string line;
    const bool there = co_await from->read_line(line);
    co_return there ? static_cast<pid_t>(std::stol(line)) : 0;
}

}  // namespace commanding
