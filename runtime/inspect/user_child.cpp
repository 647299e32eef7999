#include "inspect/user_child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/owned_fd.hpp"
#include "inspect/failure.hpp"
#include "inspect/host_process.hpp"

namespace troupe::inspect {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_answer = std::size_t{8} << 20;
constexpr std::size_t most_frames = 8192;
constexpr rlim_t most_cpu_seconds = 20, most_memory = rlim_t{4} << 30;
constexpr auto most_time = 60s;
constexpr char field_end = '\t', frame_end = '\n';

struct rights {
    uid_t user = 0;
    gid_t group = 0;
};

rights rights_of(pid_t pid) {
    rights found;
    const auto process = read_process(pid);
    if (!process) throw failure("process " + std::to_string(pid) + " ended while it was looked at");
    found.user = process->user;
    const std::string text = read_small_file("/proc/" + std::to_string(pid) + "/status").value_or("");
    unsigned long real = 0, effective = 0;
    const std::size_t at = text.find("\nGid:");
    if (at == std::string::npos || std::sscanf(text.c_str() + at, "\nGid: %lu %lu", &real, &effective) != 2) {
        throw failure("process " + std::to_string(pid) + " ended while it was looked at");
    }
    found.group = static_cast<gid_t>(effective);
    return found;
}

// In the child. False if it could not become the user: then it looks at nothing. It ends with its parent: that is
// asked for last, because a change of user takes it back.
bool become(const rights& user, pid_t parent) {
    const rlimit cpu{most_cpu_seconds, most_cpu_seconds}, memory{most_memory, most_memory}, none{0, 0};
    const bool changed = setgroups(0, nullptr) == 0 && setresgid(user.group, user.group, user.group) == 0 &&
                         setresuid(user.user, user.user, user.user) == 0 && setuid(0) != 0;
    return changed && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && setrlimit(RLIMIT_CPU, &cpu) == 0 &&
           setrlimit(RLIMIT_AS, &memory) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           setrlimit(RLIMIT_FSIZE, &none) == 0;
}

std::string one_field(const std::string& text) {
    std::string plain;
    for (const char c : text) plain += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    return plain;
}

std::string written(const std::vector<stack_frame>& frames) {
    std::string text;
    for (const stack_frame& one : frames) {
        for (const std::string* field : {&one.function, &one.file, &one.module}) text += one_field(*field) + field_end;
        text += std::to_string(one.line) + field_end + std::to_string(one.offset) + frame_end;
    }
    return text;
}

// Takes what stands before `end` off the text.
std::string_view take(std::string_view& text, char end) {
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return taken;
}

template <class Number>
Number number_in(std::string_view text) {
    Number number{};
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::vector<stack_frame> read_back(std::string_view text) {
    std::vector<stack_frame> frames;
    while (!text.empty() && frames.size() < most_frames) {
        std::string_view line = take(text, frame_end);
        stack_frame one;
        for (std::string* field : {&one.function, &one.file, &one.module}) *field = take(line, field_end);
        one.line = number_in<int>(take(line, field_end));
        one.offset = number_in<std::uint64_t>(line);
        frames.push_back(std::move(one));
    }
    return frames;
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = write(fd, text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
}

// Does not return. Threads of this process other than this one are not there, so nothing is torn down.
[[noreturn]] void answer(int fd, const rights& user, pid_t parent,
                         const std::function<std::vector<stack_frame>()>& look_up) noexcept {
    if (!become(user, parent)) _exit(EXIT_FAILURE);
    try {
        write_all(fd, written(look_up()));
    } catch (...) {
        _exit(EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}

// All that is written to the pipe; nothing if that is too much, or takes too long.
std::string read_all(int fd) {
    std::string text;
    std::array<char, 16384> piece;
    for (const auto end = base::steady_clock::now() + most_time; base::steady_clock::now() < end;) {
        pollfd ready{fd, POLLIN, 0};
        if (poll(&ready, 1, 100) <= 0) continue;
        const ssize_t got = read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0 ? text : "";
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.size() > most_answer) return "";
    }
    return "";
}

}  // namespace

std::vector<stack_frame> as_user_of(pid_t pid, const std::function<std::vector<stack_frame>()>& look_up) {
    if (geteuid() != 0) return look_up();
    const rights user = rights_of(pid);
    if (user.user == 0) return look_up();
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw failure("no pipe can be made for the look-up of names");
    const base::owned_fd from(ends[0]);
    base::owned_fd to(ends[1]);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) throw failure("no process can be made for the look-up of names");
    if (child == 0) answer(to.get(), user, parent, look_up);
    to.reset();
    const std::string text = read_all(from.get());
    kill(child, SIGKILL);  // it has answered, or will not
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return read_back(text);
}

}  // namespace troupe::inspect
