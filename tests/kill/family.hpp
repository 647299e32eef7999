// The program `family`, as a test sees it from outside: what it prints, whom it has started, and how it ends.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"

namespace killing {

inline constexpr int watchdog_ms = 20'000;

inline int pidfd_of(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// True once the process has ended.
inline bool ends(int pidfd) {
    pollfd gone{pidfd, POLLIN, 0};
    return poll(&gone, 1, watchdog_ms) == 1;
}

inline std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> all;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(parent) + "/task")) {
        std::ifstream list(thread.path() / "children");
        for (pid_t pid; list >> pid;) all.push_back(pid);
    }
    return all;
}

inline std::size_t lines_with(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

// The program `family`, which stands beside this one, on a terminal of its own.
class family {
public:
    explicit family(const std::string& kind) {
        terminal_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        grantpt(terminal_);
        unlockpt(terminal_);
        const std::string name = ptsname(terminal_);
        const auto program = std::filesystem::read_symlink("/proc/self/exe").replace_filename("family");
        pid_ = fork();
        if (pid_ == 0) {
            setsid();
            const int in = open(name.c_str(), O_RDWR);
            ioctl(in, TIOCSCTTY, 0);
            for (int fd = 0; fd <= 2; ++fd) dup2(in, fd);
            execl(program.c_str(), program.c_str(), kind.c_str(), nullptr);
            _exit(127);
        }
        pidfd_ = pidfd_of(pid_);
    }
    family(const family&) = delete;
    family& operator=(const family&) = delete;
    ~family() {
        ::kill(pid_, SIGKILL);
        if (!collected_) waitpid(pid_, nullptr, 0);
        for (const int fd : relatives_) close(fd);
        close(pidfd_);
        close(terminal_);
    }

    // What it printed up to and with this line, so many times; shorter when it ended before.
    std::string read_to(const std::string& line, std::size_t times = 1) {
        while (lines_with(printed_, line) < times) {
            pollfd more{terminal_, POLLIN, 0};
            char text[256];
            if (poll(&more, 1, watchdog_ms) != 1) break;
            const ssize_t got = read(terminal_, text, sizeof text);
            if (got <= 0) break;
            printed_.append(text, static_cast<std::size_t>(got));
        }
        return printed_;
    }
    // Its actors and its forkserver, however deep: all are children of the program.
    std::size_t meet() {
        for (const pid_t pid : children_of(pid_)) {
            const int pidfd = pidfd_of(pid);
            if (pidfd >= 0) relatives_.push_back(pidfd);  // else it has ended since, and was collected
        }
        return relatives_.size();
    }
    void signal(int number) const { ::kill(pid_, number); }
    void signal_group(int number) const { ::kill(-pid_, number); }
    void press_control_c() const { type("\x03"); }
    void type(const std::string& text) const {
        REQUIRE(write(terminal_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    pid_t pid() const { return pid_; }
    int end() {
        REQUIRE(ends(pidfd_));
        int status = 0;
        waitpid(pid_, &status, 0);
        collected_ = true;
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }
    bool nobody_is_left() const { return std::all_of(relatives_.begin(), relatives_.end(), ends); }

private:
    pid_t pid_ = -1;
    int pidfd_ = -1;
    int terminal_ = -1;
    bool collected_ = false;
    std::string printed_;
    std::vector<int> relatives_;
};

}  // namespace killing
