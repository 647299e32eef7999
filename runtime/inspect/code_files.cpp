#include "inspect/code_files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "inspect/elf_beginning.hpp"
#include "inspect/other_memory.hpp"

namespace troupe::inspect {
namespace {

constexpr std::size_t most_files = 1024;
constexpr std::size_t most_of_vdso = 65536;
constexpr std::string_view vdso = "[vdso]";
constexpr std::string_view deleted = " (deleted)";

// A line of /proc/PID/maps.
struct mapped {
    std::uint64_t begin = 0, end = 0, offset = 0, inode = 0;
    dev_t device = 0;
    bool executable = false;
    std::string path;

    bool is_of(const mapped& other) const {
        return device == other.device && inode == other.inode && path == other.path;
    }
};

std::optional<mapped> read_line(const std::string& line) {
    mapped found;
    std::array<char, 5> rights{};
    unsigned major = 0, minor = 0;
    int path_at = -1;
    const int read = std::sscanf(line.c_str(), "%lx-%lx %4s %lx %x:%x %lu %n", &found.begin, &found.end, rights.data(),
                                 &found.offset, &major, &minor, &found.inode, &path_at);
    if (read < 7 || path_at < 0 || found.end <= found.begin) return std::nullopt;
    found.device = makedev(major, minor);
    found.executable = rights[2] == 'x';
    found.path = line.substr(static_cast<std::size_t>(path_at));
    return found;
}

// The mappings that belong to one loading of a file, from the lowest address on.
using loading = std::vector<mapped>;

std::vector<loading> loadings_of(pid_t pid) {
    std::vector<loading> all;
    std::ifstream lines("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(lines, line);) {
        const auto one = read_line(line);
        if (!one || (one->inode == 0 && one->path != vdso)) continue;
        const bool goes_on = !all.empty() && all.back().back().is_of(*one) && one->offset >= all.back().back().offset;
        if (!goes_on) all.emplace_back();
        all.back().push_back(*one);
    }
    std::erase_if(all, [](const loading& one) {
        return std::none_of(one.begin(), one.end(), [](const mapped& part) { return part.executable; });
    });
    if (all.size() > most_files) all.resize(most_files);
    return all;
}

byte_source memory_from(pid_t pid, std::uint64_t begin) {
    return [memory = other_memory(pid), begin](std::uint64_t offset, std::size_t bytes) {
        return memory.bytes_at(begin + offset, bytes);
    };
}

byte_source content_of(int fd) {
    return [fd](std::uint64_t offset, std::size_t bytes) {
        std::vector<std::byte> all(bytes);
        const ssize_t got = pread(fd, all.data(), all.size(), static_cast<off_t>(offset));
        all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return all;
    };
}

bool is_mapped_there(int fd, const mapped& lowest, const std::vector<std::byte>& build_id) {
    struct stat about{};
    if (fstat(fd, &about) != 0) return false;
    if (about.st_dev == lowest.device && about.st_ino == lowest.inode) return true;
    if (build_id.empty()) return false;
    const auto beginning = read_beginning(content_of(fd), counted_by::offset);
    return beginning && beginning->build_id == build_id;
}

// What lies at the path may be anything by now, and to open a device can do something already: nothing but a file is
// opened, and nothing before it is known to be one.
base::owned_fd open_file(const std::string& path) {
    const base::owned_fd found(open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat about{};
    if (!found || fstat(found.get(), &about) != 0 || !S_ISREG(about.st_mode)) return {};
    return base::owned_fd(open(("/proc/self/fd/" + std::to_string(found.get())).c_str(), O_RDONLY | O_CLOEXEC));
}

base::owned_fd opened(pid_t pid, const mapped& lowest, const std::vector<std::byte>& build_id) {
    const std::string process = "/proc/" + std::to_string(pid);
    std::array<char, 64> range{};
    std::snprintf(range.data(), range.size(), "/map_files/%lx-%lx", lowest.begin, lowest.end);
    for (const std::string& path : {process + "/exe", process + "/root" + lowest.path, process + range.data()}) {
        base::owned_fd fd = open_file(path);
        if (fd && is_mapped_there(fd.get(), lowest, build_id)) return fd;
    }
    return {};
}

// What the kernel has put into the process is in no file; a copy serves for one.
base::owned_fd copied(pid_t pid, const mapped& from) {
    const auto bytes = other_memory(pid).bytes_at(from.begin, std::min(most_of_vdso, from.end - from.begin));
    base::owned_fd fd(memfd_create("vdso", MFD_CLOEXEC));
    if (fd && write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) fd.reset();
    return fd;
}

code_file made_of(pid_t pid, const loading& parts) {
    const mapped& lowest = parts.front();
    code_file made;
    made.path = lowest.path;
    if (made.path.ends_with(deleted)) made.path.resize(made.path.size() - deleted.size());
    made.begin = lowest.begin;
    made.shift = lowest.begin;
    for (const mapped& part : parts) {
        if (part.executable) made.ranges.push_back({part.begin, part.end, part.offset});
    }
    const auto in_memory = read_beginning(memory_from(pid, lowest.begin), counted_by::address);
    if (in_memory) made.shift -= in_memory->address;
    if (lowest.path == vdso) {
        made.fd = copied(pid, lowest);
    } else {
        made.fd = opened(pid, lowest, in_memory ? in_memory->build_id : std::vector<std::byte>{});
    }
    return made;
}

}  // namespace

code_files::code_files(pid_t pid) {
    for (const loading& one : loadings_of(pid)) files_.push_back(made_of(pid, one));
}

const code_file* code_files::find(std::uint64_t address, std::uint64_t& offset) const noexcept {
    for (const code_file& file : files_) {
        for (const code_range& range : file.ranges) {
            if (address < range.begin || address >= range.end) continue;
            offset = address - range.begin + range.offset;
            return &file;
        }
    }
    return nullptr;
}

}  // namespace troupe::inspect
