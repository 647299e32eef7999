// Open files for tests of descriptors in messages.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/descriptor.hpp>

#include "watched.hpp"

namespace open_files {

// A pipe of the system's: what is written to `far` can be read from `near`, and once nobody has `far` any more, `near`
// is at its end.
struct wire {
    troupe::descriptor near, far;
};
inline wire make_wire() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    return {troupe::descriptor(ends[0]), troupe::descriptor(ends[1])};
}

inline bool write_to(const troupe::descriptor& far, std::string_view text) {
    return ::write(far.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// All that is written before everybody has closed the other end; with a remark if somebody never does.
inline std::string read_to_end(const troupe::descriptor& near) {
    std::string text;
    for (;;) {
        pollfd ready{near.get(), POLLIN, 0};
        const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(watchdog);
        if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1) return text + " (and it is still open)";
        char some[256];
        const ssize_t got = ::read(near.get(), some, sizeof some);
        if (got <= 0) return text;
        text.append(some, static_cast<std::size_t>(got));
    }
}

// Whether so many can be on their way at a time, of this program.
inline bool can_carry(std::size_t files) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur / 4 >= files;
}

// An open file from which one number can be read, once: so it shows whether it arrived, and with what is in it.
inline troupe::descriptor holding(int number) {
    wire made = make_wire();
    if (::write(made.far.get(), &number, sizeof number) != sizeof number) return {};
    return std::move(made.near);
}
inline int held_by(const troupe::descriptor& file) {
    int number = -1;
    return ::read(file.get(), &number, sizeof number) == sizeof number ? number : -1;
}

}  // namespace open_files
