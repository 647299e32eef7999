// What the system says of a process, read from /proc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/owned_fd.hpp"

namespace troupe::inspect {

struct host_process {
    char state = '?';            // as in /proc: R, S, D, T, t, Z, X
    std::int32_t tracer = 0;     // 0: nobody traces it
    std::int32_t inner_pid = 0;  // in the innermost of its namespaces
    std::uint32_t user = 0;      // its effective user
    std::uint64_t memory = 0;    // bytes that are its own: RssAnon
    std::uint64_t cpu_time = 0;  // ns, of all its threads
    bool has_memory = false;     // neither a thread of the kernel nor ended

    bool has_ended() const noexcept { return state == 'Z' || state == 'X'; }
};

// Nothing if there is no such process, or if it ended meanwhile.
std::optional<host_process> read_process(std::int32_t pid);

// A small file of /proc, whole; nothing where it cannot be read. `relative_to`: a descriptor of a folder.
std::optional<std::string> read_small_file(int relative_to, const std::string& path);
std::optional<std::string> read_small_file(const std::string& path);
// Where a link of /proc leads; empty where that cannot be told.
std::string read_link(const std::string& path);

// One process, whichever has its number later.
class process_watch {
public:
    explicit process_watch(std::int32_t pid);
    bool has_ended() const;

private:
    base::owned_fd folder_;
};

// The numbers of processes, as a program has them and as this process does. They differ where the program runs in a
// namespace of its own.
class pid_map {
public:
    // Of the namespace that this process is in.
    explicit pid_map(std::int32_t program);
    // 0 if it is not there.
    std::int32_t outer(std::int32_t inner) const;
    bool same() const noexcept { return same_; }

private:
    bool same_ = true;
    std::map<std::int32_t, std::int32_t> outer_;
};

}  // namespace troupe::inspect
