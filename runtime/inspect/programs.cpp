#include "inspect/programs.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "inspect/failure.hpp"
#include "inspect/folder.hpp"
#include "inspect/host_process.hpp"
#include "shm/program_identity.hpp"
#include "shm/segment.hpp"

namespace troupe::inspect {
namespace {

constexpr std::string_view memory_name = "/memfd:troupe (deleted)";

using file_id = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

struct holder {
    std::int32_t pid = 0;
    std::string memory;
};

// The memory that a process has, of whichever program. `refused` is set to an errno where it may not be looked at.
struct found_memory {
    file_id file;
    std::string path;
};
std::vector<found_memory> memories_of(std::int32_t pid, int& refused) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
    std::vector<found_memory> found;
    refused = for_each_entry(folder, [&](std::string_view number) {
        const std::string path = folder + '/' + std::string(number);
        struct stat about{};
        if (read_link(path) != memory_name || ::stat(path.c_str(), &about) != 0) return;
        const file_id file(about.st_dev, about.st_ino);
        const bool known =
            std::any_of(found.begin(), found.end(), [&](const found_memory& one) { return one.file == file; });
        if (!known) found.push_back({file, path});
    });
    return found;
}

std::int32_t number_of(std::string_view name) noexcept {
    std::int32_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    return error == std::errc() && end == name.data() + name.size() ? pid : 0;
}

std::string user_name(std::uint32_t user) {
    std::array<char, 4096> room;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user, &entry, room.data(), room.size(), &found) == 0 && found != nullptr) return entry.pw_name;
    return std::to_string(user);
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Nothing if the memory is that of no program that runs.
std::optional<program_found> program_of(const file_id& file, const std::vector<holder>& holders) {
    for (const holder& one : holders) {
        const base::owned_fd memory(::open(one.memory.c_str(), O_RDONLY | O_CLOEXEC));
        if (!memory) continue;
        if (!shm::segment::is_one(memory.get())) return std::nullopt;
        const std::optional<shm::known_identity> identity = shm::read_identity(memory.get());
        for (const holder& its : holders) {
            const auto process = read_process(its.pid);
            const std::int32_t inner = process ? process->inner_pid : 0;
            // Without an identity it was made by an old troupe, or begins at this moment: its first process stands for
            // it.
            if (!process || process->has_ended() || (identity && inner != identity->pid)) continue;
            const std::string executable = file_name(read_link("/proc/" + std::to_string(its.pid) + "/exe"));
            const bool named = identity && !identity->name.empty();
            return program_found{its.pid, its.memory, file.first, file.second, named ? identity->name : executable};
        }
        return std::nullopt;  // its first process has ended
    }
    return std::nullopt;
}

std::string left_out(unsigned others) {
    if (others == 0) return {};
    return others == 1 ? "; a process of another user was left out"
                       : "; " + std::to_string(others) + " processes of other users were left out";
}

[[noreturn]] void refuse(std::int32_t pid, int error) {
    const auto process = read_process(pid);
    const std::string number = std::to_string(pid);
    if (!process || error == ENOENT || error == ESRCH) throw failure("there is no process " + number);
    if (process->user == ::geteuid()) {
        throw failure(
            "process " + number +
            " is yours, and protects itself from being read (it changed its user, or set PR_SET_DUMPABLE): run "
            "as root");
    }
    throw failure("you may not look into process " + number + " (user " + user_name(process->user) +
                  "): run as that user, or as root");
}

program_found program_with(std::int32_t pid) {
    int refused = 0;
    const std::vector<found_memory> its = memories_of(pid, refused);
    if (refused != 0) refuse(pid, refused);
    for (const program_found& one : find_programs().programs) {
        for (const found_memory& memory : its)
            if (memory.file == file_id(one.device, one.inode)) return one;
    }
    throw failure(its.empty() ? "process " + std::to_string(pid) + " is no part of a program of troupe"
                              : "the program that process " + std::to_string(pid) + " belonged to has ended");
}

}  // namespace

search find_programs() {
    search result;
    std::map<file_id, std::vector<holder>> memories;
    for_each_entry("/proc", [&](std::string_view name) {
        const std::int32_t pid = number_of(name);
        if (pid <= 0) return;
        int refused = 0;
        for (found_memory& one : memories_of(pid, refused)) memories[one.file].push_back({pid, std::move(one.path)});
        if (refused != EACCES && refused != EPERM) return;
        const auto process = read_process(pid);
        if (process && process->has_memory) ++result.others;
    });
    for (const auto& [file, holders] : memories) {
        if (auto one = program_of(file, holders)) result.programs.push_back(std::move(*one));
    }
    std::sort(result.programs.begin(), result.programs.end(),
              [](const program_found& a, const program_found& b) { return a.pid < b.pid; });
    return result;
}

bool may_be_of(const program_found& program, std::int32_t pid) {
    int refused = 0;
    const std::vector<found_memory> its = memories_of(pid, refused);
    return refused == EACCES || refused == EPERM || std::any_of(its.begin(), its.end(), [&](const found_memory& one) {
               return one.file == file_id(program.device, program.inode);
           });
}

program_found choose_program(std::optional<std::int32_t> pid) {
    if (pid) return program_with(*pid);
    const search found = find_programs();
    if (found.programs.empty()) {
        throw failure("no program of troupe runs here that you may look at" + left_out(found.others));
    }
    if (found.programs.size() == 1) return found.programs.front();
    std::string names;
    for (const program_found& one : found.programs) {
        names += (names.empty() ? "" : ", ") + std::to_string(one.pid) + ' ' + one.name;
    }
    throw failure(std::to_string(found.programs.size()) + " programs run: " + names + "; say which with -p PID");
}

}  // namespace troupe::inspect
