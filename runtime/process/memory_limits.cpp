#include "process/memory_limits.hpp"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/valgrind.hpp"
#include "process/cgroup.hpp"

namespace troupe::process {
namespace {

// It does not give more, and memcheck looks for pointers in all that is mapped.
constexpr std::uint64_t space_under_valgrind = std::uint64_t{32} << 30, usual_space_under_valgrind = 512u << 20;

std::uint64_t soft_limit(__rlimit_resource_t resource) {
    rlimit limit{};
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return unlimited;
    return limit.rlim_cur;
}

std::uint64_t mapped_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t pages = 0;
    file >> pages;
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::uint64_t cgroup_memory_limit(const std::string& groups, const std::string& root) {
    std::uint64_t tightest = unlimited;
    for (const cgroup_folder& folder : cgroup_folders("memory", groups, root)) {
        std::ifstream file(folder.path + (folder.version == 2 ? "/memory.max" : "/memory.limit_in_bytes"));
        std::uint64_t limit = 0;
        if (file >> limit) tightest = std::min(tightest, limit);  // no number: "max"
    }
    return tightest;
}

memory_limits memory_limits_now() {
    memory_limits now;
    struct sysinfo about{};
    if (sysinfo(&about) == 0) now.machine = std::uint64_t{about.totalram} * about.mem_unit;
    now.cgroup = cgroup_memory_limit();
    now.address_space = soft_limit(RLIMIT_AS);
    if (now.address_space != unlimited) now.address_space -= std::min(now.address_space, mapped_bytes());
    if (base::under_valgrind()) {
        now.address_space = std::min(now.address_space, space_under_valgrind);
        now.usual_space = usual_space_under_valgrind;
    }
    now.file_size = soft_limit(RLIMIT_FSIZE);
    return now;
}

}  // namespace troupe::process
