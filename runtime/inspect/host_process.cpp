#include "inspect/host_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include "inspect/folder.hpp"

namespace troupe::inspect {
namespace {

constexpr std::size_t most_bytes = 64 << 10;

template <class Number>
Number number_in(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    Number value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// What stands behind "Name:" in /proc/PID/status; empty where it is not there.
std::string_view field(std::string_view status, std::string_view name) noexcept {
    for (std::size_t at = 0; at < status.size();) {
        const std::size_t end = std::min(status.find('\n', at), status.size());
        const std::string_view line = status.substr(at, end - at);
        if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':') {
            return line.substr(name.size() + 1);
        }
        at = end + 1;
    }
    return {};
}

std::string_view word(std::string_view text, std::size_t index) noexcept {
    constexpr std::string_view blanks = " \t";
    for (;; --index) {
        const std::size_t begin = text.find_first_not_of(blanks);
        if (begin == std::string_view::npos) return {};
        text.remove_prefix(begin);
        const std::size_t end = std::min(text.find_first_of(blanks), text.size());
        if (index == 0) return text.substr(0, end);
        text.remove_prefix(end);
    }
}

std::string_view last_word(std::string_view text) noexcept {
    const std::size_t end = text.find_last_not_of(" \t");
    if (end == std::string_view::npos) return {};
    text = text.substr(0, end + 1);
    const std::size_t blank = text.find_last_of(" \t");
    return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

std::uint64_t cpu_time_in(const std::string& schedstat) noexcept {
    return number_in<std::uint64_t>(word(schedstat, 0));
}

std::uint64_t cpu_time_of(const std::string& process, std::uint32_t threads) {
    if (threads <= 1) return cpu_time_in(read_small_file(process + "/schedstat").value_or(""));
    std::uint64_t sum = 0;
    for_each_entry(process + "/task", [&](std::string_view thread) {
        sum += cpu_time_in(read_small_file(process + "/task/" + std::string(thread) + "/schedstat").value_or(""));
    });
    return sum;
}

}  // namespace

std::optional<std::string> read_small_file(int relative_to, const std::string& path) {
    const base::owned_fd file(::openat(relative_to, path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::string text;
    std::array<char, 4096> part;
    while (text.size() < most_bytes) {
        const ssize_t got = ::read(file.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
}

std::optional<std::string> read_small_file(const std::string& path) { return read_small_file(AT_FDCWD, path); }

std::string read_link(const std::string& path) {
    std::array<char, 4096> target;
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    return length <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

std::optional<host_process> read_process(std::int32_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const std::optional<std::string> status = read_small_file(folder + "/status");
    if (!status || status->empty()) return std::nullopt;
    host_process it;
    const std::string_view state = word(field(*status, "State"), 0);
    if (!state.empty()) it.state = state.front();
    it.tracer = number_in<std::int32_t>(field(*status, "TracerPid"));
    it.inner_pid = number_in<std::int32_t>(last_word(field(*status, "NSpid")));
    if (it.inner_pid == 0) it.inner_pid = pid;
    it.user = number_in<std::uint32_t>(word(field(*status, "Uid"), 1));
    it.memory = number_in<std::uint64_t>(field(*status, "RssAnon")) * 1024;
    it.has_memory = !field(*status, "VmSize").empty();
    it.cpu_time = cpu_time_of(folder, number_in<std::uint32_t>(field(*status, "Threads")));
    return it;
}

// --- which process it is

process_watch::process_watch(std::int32_t pid)
    : folder_(::open(("/proc/" + std::to_string(pid)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

bool process_watch::has_ended() const {
    if (!folder_) return true;
    const std::optional<std::string> stat = read_small_file(folder_.get(), "stat");
    if (!stat) return errno != EMFILE && errno != ENFILE;
    const std::size_t name_end = stat->rfind(')');
    if (name_end == std::string::npos) return true;
    const std::string_view state = word(std::string_view(*stat).substr(name_end + 1), 0);
    return state == "Z" || state == "X";
}

pid_map::pid_map(std::int32_t program) {
    const std::string its = read_link("/proc/" + std::to_string(program) + "/ns/pid");
    if (its.empty() || its == read_link("/proc/self/ns/pid")) return;
    same_ = false;
    for_each_entry("/proc", [&](std::string_view name) {
        const auto pid = number_in<std::int32_t>(name);
        if (pid <= 0 || read_link("/proc/" + std::string(name) + "/ns/pid") != its) return;
        const std::optional<std::string> status = read_small_file("/proc/" + std::string(name) + "/status");
        if (status) outer_[number_in<std::int32_t>(last_word(field(*status, "NSpid")))] = pid;
    });
}

std::int32_t pid_map::outer(std::int32_t inner) const {
    if (same_) return inner;
    const auto found = outer_.find(inner);
    return found == outer_.end() ? 0 : found->second;
}

}  // namespace troupe::inspect
