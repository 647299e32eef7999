// How much shared memory a program gets, by the limits of the system it finds itself on.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <troupe/error.hpp>

#include "catch.hpp"
#include "launch/budget.hpp"
#include "process/cgroup.hpp"
#include "shm/program_layout.hpp"

using namespace troupe;
using process::cgroup_memory_limit;
using process::memory_limits;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20, gib = std::size_t{1} << 30;

// A folder as /sys/fs/cgroup is one, and a file as /proc/self/cgroup.
class groups {
public:
    groups() {
        std::string made = std::filesystem::temp_directory_path() / "groups-XXXXXX";
        if (mkdtemp(made.data()) == nullptr) std::abort();
        folder_ = made;
    }
    ~groups() { std::filesystem::remove_all(folder_); }
    groups(const groups&) = delete;
    groups& operator=(const groups&) = delete;

    groups& in(const std::string& line) {
        std::ofstream(list(), std::ios::app) << line << '\n';
        return *this;
    }
    groups& limited(const std::string& file, const std::string& text) {
        const std::filesystem::path path = folder_ / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text << '\n';
        return *this;
    }
    std::uint64_t limit() const { return cgroup_memory_limit(list(), folder_); }

private:
    std::string list() const { return folder_ / "list"; }
    std::filesystem::path folder_;
};

std::string refusal(std::size_t wanted, const memory_limits& limits) {
    try {
        launch::budget_for(wanted, limits);
    } catch (const out_of_memory& error) {
        return error.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("budget: the limit of a control group of version 2 is the tightest up to the root") {
    groups made;
    made.in("0::/outer/inner").limited("outer/inner/memory.max", "max");
    CHECK(made.limit() == process::unlimited);
    made.limited("outer/memory.max", "1000");
    CHECK(made.limit() == 1000);
    made.limited("outer/inner/memory.max", "2000");
    CHECK(made.limit() == 1000);
    made.limited("memory.max", "500");  // as a container sees it, which has its own group for a root
    CHECK(made.limit() == 500);
}

TEST_CASE("budget: the limit of a control group of version 1 is found beside one of version 2") {
    groups made;
    made.in("4:cpu,memory:/one").in("3:cpu:/one").in("0::/one");
    made.limited("cpu/one/memory.limit_in_bytes", "1").limited("memory/one/memory.limit_in_bytes", "3000");
    CHECK(made.limit() == 3000);
    made.limited("one/memory.max", "2000");
    CHECK(made.limit() == 2000);
}

TEST_CASE("budget: without control groups, or with files that make no sense, there is no limit") {
    CHECK(cgroup_memory_limit("/nowhere", "/nowhere") == process::unlimited);
    groups made;
    made.in("nonsense").in("0").in("0::").limited("memory.max", "nonsense");
    CHECK(made.limit() == process::unlimited);
}

TEST_CASE("budget: by default it is half of the least of the machine's memory and the control group's") {
    CHECK(launch::budget_for(0, {.machine = 8 * gib}).bytes == 4 * gib);
    CHECK(launch::budget_for(0, {.machine = 8 * gib, .cgroup = 512 * mib}).bytes == 256 * mib);
    CHECK(launch::budget_for(0, {.machine = 8 * gib, .cgroup = 512 * mib}).halvings == 0);
    CHECK(launch::budget_for(0, {.machine = 8 * gib, .cgroup = mib}).bytes == 4 * mib);
    CHECK(launch::budget_for(2 * gib, {.machine = gib, .cgroup = mib}).bytes == 2 * gib);
}

TEST_CASE("budget: by default at least half of the address space that is left stays free") {
    for (std::size_t space = 350 * mib; space < 2048 * gib; space += space / 3) {
        for (const std::size_t machine : {gib, 16 * gib, 512 * gib}) {
            const auto budget = launch::budget_for(0, {.machine = machine, .address_space = space});
            CHECK(shm::lay_out(budget.bytes, budget.halvings).end <= space / 2);
            CHECK(budget.bytes <= machine / 2);
        }
    }
    CHECK(launch::budget_for(0, {.machine = 16 * gib, .address_space = 8 * gib}).bytes > 300 * mib);
    CHECK(launch::budget_for(0, {.machine = 16 * gib, .address_space = 512 * gib}).bytes == 8 * gib);
}

TEST_CASE("budget: by default the file is no longer than files may be") {
    const auto budget = launch::budget_for(0, {.machine = 16 * gib, .file_size = 2 * gib});
    CHECK(shm::lay_out(budget.bytes, budget.halvings).end <= 2 * gib);
}

TEST_CASE("budget: one that is asked for is given with narrow windows, or refused with the numbers") {
    CHECK(launch::budget_for(64 * mib, {.address_space = 4 * gib}).halvings == 0);
    const auto narrow = launch::budget_for(64 * mib, {.address_space = 900 * mib});
    CHECK(narrow.bytes == 64 * mib);
    CHECK(narrow.halvings > 0);
    const std::string space = refusal(gib, {.address_space = 2 * gib});
    CHECK(has(space, "1024 MiB (run_options::memory)"));
    CHECK(has(space, "1536 MiB"));
    CHECK(has(space, "ulimit -v"));
    CHECK(has(refusal(gib, {.file_size = gib}), "ulimit -f"));
    CHECK(has(refusal(0, {.address_space = 100 * mib}), "ulimit -v"));
    CHECK_THROWS_AS(launch::budget_for(1, {}), misuse);
}
