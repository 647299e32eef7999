#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "troupe/finding.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

// The first line; empty if it cannot be read.
std::string line_of(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return printable(line);
}

finding of_overcommit() {
    const std::string value = line_of("/proc/sys/vm/overcommit_memory");
    if (value != "2") return {"vm.overcommit_memory", value.empty() ? "unknown" : value, "", grade::ok, ""};
    return {"vm.overcommit_memory", value, "0 or 1", grade::note,
            "every process counts with all that it might touch, so actors are refused while there is memory left: "
            "sysctl vm.overcommit_memory=0"};
}

// "always within_size [advise] never deny force"
std::string chosen(const std::string& line) {
    const std::size_t begin = line.find('['), end = line.find(']');
    return begin == std::string::npos || end == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

finding of_huge_pages() {
    const std::string path = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
    const std::string value = chosen(line_of(path));
    finding it{"huge pages of shared memory", value.empty() ? "not in this kernel" : value, "", grade::ok, ""};
    if (value != "never" && value != "deny") return it;
    it.needed = "advise";
    it.state = grade::note;
    it.advice = "large messages and arrays are slower to touch first: as root, echo advise > " + path;
    return it;
}

finding of_core_pattern() {
    const std::string value = line_of("/proc/sys/kernel/core_pattern");
    finding it{"kernel.core_pattern", value.empty() ? "empty" : value, "", grade::ok, ""};
    if (value.empty()) {
        it.state = grade::note;
        it.advice = "a crash leaves no core dump that could be told from others: sysctl kernel.core_pattern=core.%p";
    } else if (value.starts_with('|')) {
        it.value += " (a program takes the core dumps)";
    }
    return it;
}

finding of_yama() {
    const std::string value = line_of("/proc/sys/kernel/yama/ptrace_scope");
    finding it{"kernel.yama.ptrace_scope", value.empty() ? "not in this kernel" : value, "", grade::ok, ""};
    if (value.empty() || value == "0" || (geteuid() == 0 && value != "3")) return it;
    it.needed = "0";
    it.state = grade::note;
    it.advice = value == "3" ? "troupe stack works for nobody; the value cannot be changed until the system is started "
                               "again with another one in /etc/sysctl.d"
                             : "troupe stack alone needs sudo, or sysctl kernel.yama.ptrace_scope=0";
    return it;
}

// "36 25 0:5 / /proc rw,nosuid shared:9 - proc proc rw,hidepid=invisible"
std::string hidepid() {
    std::ifstream mounts("/proc/self/mountinfo");
    std::string found;
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string word;
        for (int i = 0; i < 5; ++i) words >> word;
        const std::size_t option = line.rfind("hidepid=");
        if (word != "/proc") continue;
        found =
            option == std::string::npos ? "" : line.substr(option + 8, line.find_first_of(", ", option) - option - 8);
    }
    return found;  // of what was mounted there last
}

finding of_proc() {
    const std::string value = hidepid();
    finding it{"hidepid of /proc", value.empty() ? "off" : printable(value), "", grade::ok, ""};
    if (value.empty() || value == "0" || value == "off" || geteuid() == 0) return it;
    it.needed = "off";
    it.state = grade::note;
    it.advice =
        "programs of other users are not counted where none is found: as root, mount -o remount,hidepid=0 /proc";
    return it;
}

}  // namespace

std::vector<finding> find_settings() {
    return {of_overcommit(), of_huge_pages(), of_core_pattern(), of_yama(), of_proc()};
}

}  // namespace troupe::tool
