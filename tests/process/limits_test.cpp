// What an actor may use: each limit holds, is an error at spawn when it cannot be had, and is told when it was the end.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "process/limited.hpp"

using namespace limited;

namespace {

using namespace std::chrono_literals;
using checks::contains;
using troupe::exit_status;
using troupe::limit_reached;
using troupe::spawn;
using troupe::task;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

int soft_limit(int resource) {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
    return static_cast<int>(limit.rlim_cur);
}
void compute() {
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}
void compute_on() {
    std::signal(SIGXCPU, SIG_IGN);
    compute();
}
void write_much() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const int file = memfd_create("much", MFD_CLOEXEC);
    const std::vector<char> part(4096);
    while (write(file, part.data(), part.size()) > 0) {
    }
}
int open_many() {
    std::vector<int> all;
    for (int fd = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) all.push_back(fd);
    const int error = errno;
    for (const int fd : all) close(fd);
    return error == EMFILE ? static_cast<int>(all.size()) : 255;
}
int own_nice() { return getpriority(PRIO_PROCESS, 0); }
int own_cpu_count() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return CPU_COUNT(&set);
}
int no_new_privileges() { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }

int first_cpu() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    int cpu = 0;
    while (!CPU_ISSET(static_cast<std::size_t>(cpu), &set)) ++cpu;
    return cpu;
}

}  // namespace

TEST_CASE("limits: past its CPU time an actor is ended, and its status says why") {
    const exit_status status = end_under<compute>({.cpu_time = 1s, .core_size = 0});
    CHECK(status.signal() == SIGXCPU);
    CHECK(status.limit() == limit_reached::cpu_time);
    CHECK(status.cpu_time() > 500ms);  // of the second that the kernel counted, in ticks
    CHECK_THAT(to_string(status), contains("(SIGXCPU)") && contains("after its limit of CPU time was reached"));
}

TEST_CASE("limits: one that does not mind is killed a second later, and its status says why") {
    const exit_status status = end_under<compute_on>({.cpu_time = 1s});
    CHECK(status.signal() == SIGKILL);
    CHECK(status.limit() == limit_reached::cpu_time);
}

TEST_CASE("limits: a file past its size ends the actor, and its status says why") {
    const exit_status status = end_under<write_much>({.file_size = 1 * mib});
    CHECK(status.signal() == SIGXFSZ);
    CHECK(status.limit() == limit_reached::file_size);
}

TEST_CASE("limits: descriptors run out at the limit of open files") {
    const exit_status status = end_under<open_many>({.open_files = 50});
    CHECK(status.code() > 20);
    CHECK(status.code() < 50);
}

TEST_CASE("limits: an actor has the core size, nice, CPUs and privileges it was given") {
    CHECK(end_under<soft_limit>({.core_size = 77}, static_cast<int>(RLIMIT_CORE)).code() == 77);
    CHECK(end_under<own_nice>({.nice = 19}).code() == 19);
    CHECK(end_under<own_cpu_count>({.affinity = std::vector{first_cpu()}}).code() == 1);
    CHECK(end_under<no_new_privileges>({.no_new_privileges = true}).code() == 1);
    CHECK(end_under<no_new_privileges>({}).code() == no_new_privileges());
}

TEST_CASE("limits: what makes no sense is an error at spawn that names it") {
    CHECK_THAT(refusal({.memory = 0}), contains("memory"));
    CHECK_THAT(refusal({.cpu_time = 0s}), contains("CPU time is 0 s") && contains("at least 1 s"));
    CHECK_THAT(refusal({.nice = 20}), contains("nice is 20") && contains("from -20 to 19"));
    CHECK_THAT(refusal({.affinity = std::vector<int>{}}), contains("CPUs is empty"));
    CHECK_THAT(refusal({.affinity = std::vector{-1}}), contains("CPUs has -1"));
    CHECK_THAT(refusal({.affinity = std::vector{100'000}}), contains("CPUs has 100000"));
}

TEST_CASE("limits: what the system refuses is an error at spawn that names it") {
    CHECK_THAT(refusal({.affinity = std::vector{1023}}), contains("CPUs (1023)"));
    CHECK_THAT(refusal({.affinity = std::vector{first_cpu(), 1023}}), contains("1023)"));
    // Nobody has more descriptors than this, whatever their rights.
    CHECK_THAT(refusal({.open_files = std::uint64_t{1} << 40}), contains("open files (1099511627776)"));
}
