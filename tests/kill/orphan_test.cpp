// No orphan survives: neither the program, however it ends, nor any actor, leaves a process behind.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

using namespace std::chrono_literals;

namespace {

constexpr int watchdog_ms = 20'000;

int pidfd_of(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// True once the process has ended.
bool ends(int pidfd) {
    pollfd gone{pidfd, POLLIN, 0};
    return poll(&gone, 1, watchdog_ms) == 1;
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> all;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(parent) + "/task")) {
        std::ifstream list(thread.path() / "children");
        for (pid_t pid; list >> pid;) all.push_back(pid);
    }
    return all;
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

    // What it printed up to and with this line; shorter when it ended before.
    std::string read_to(const std::string& line) {
        while (printed_.find(line) == std::string::npos) {
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
    void press_control_c() const { REQUIRE(write(terminal_, "\x03", 1) == 1); }
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

std::size_t lines_with(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

// --- the children of an actor

void spin_for_ever() {
    for (volatile unsigned turns = 0;; turns = turns + 1) {
    }
}

troupe::task<> wait_for_ever() { co_await troupe::sleep_for(24h); }

using references = troupe::queue<troupe::actor<>>;

troupe::task<> be_child(references told) {
    co_await told.put(co_await troupe::spawn<&spin_for_ever>());
    co_await told.put(co_await troupe::spawn<&wait_for_ever>());
    co_await wait_for_ever();
}

troupe::task<> be_parent(references told) {
    co_await told.put(co_await troupe::spawn<&be_child>(told));
    co_await told.put(co_await troupe::spawn<&spin_for_ever>());
    co_await wait_for_ever();
}

troupe::task<> kill_a_parent() {
    references told;
    auto parent = co_await troupe::spawn<&be_parent>(told);
    std::vector<troupe::actor<>> below;
    for (int i = 0; i < 4; ++i) below.push_back((co_await told.get()).value());
    parent.kill();
    for (const auto& one : below) {
        const auto end = co_await one.join();
        CHECK(end.signaled());
    }
    const auto end = co_await parent.join();
    CHECK(end.code() == -SIGKILL);
}

}  // namespace

TEST_CASE("orphans: kill -9 of the program leaves no process, not even one in a busy loop, nor a grandchild") {
    family doomed("busy");
    REQUIRE_THAT(doomed.read_to("ready"), Catch::Contains("ready"));
    CHECK(doomed.meet() >= 6);
    doomed.signal(SIGKILL);
    CHECK(doomed.end() == -SIGKILL);
    CHECK(doomed.nobody_is_left());
}

TEST_CASE("orphans: kill -9 of the program while it starts actors leaves no process") {
    for (int round = 0; round < 10; ++round) {
        family doomed("starting");
        REQUIRE_THAT(doomed.read_to("ready"), Catch::Contains("ready"));
        doomed.meet();
        doomed.signal(SIGKILL);
        CHECK(doomed.end() == -SIGKILL);
        CHECK(doomed.nobody_is_left());
    }
}

TEST_CASE("orphans: a program that ends by itself ends those in a busy loop too") {
    family doomed("returning");
    REQUIRE_THAT(doomed.read_to("ready"), Catch::Contains("ready"));
    doomed.meet();
    doomed.signal(SIGTERM);
    CHECK(doomed.end() == -SIGTERM);
    CHECK(doomed.nobody_is_left());
}

TEST_CASE("orphans: Ctrl-C makes one orderly stop: every actor unwinds once, and the program dies of SIGINT") {
    family stopped("orderly");
    REQUIRE_THAT(stopped.read_to("ready"), Catch::Contains("ready"));
    CHECK(stopped.meet() >= 3);
    stopped.press_control_c();
    const std::string printed = stopped.read_to("program unwound");
    CHECK(stopped.end() == -SIGINT);
    CHECK(stopped.nobody_is_left());
    CHECK(lines_with(stopped.read_to("never printed"), "actor unwound") == 3);
    CHECK(lines_with(printed, "program unwound") == 1);
}

TEST_CASE("orphans: kill -9 of an actor ends its children and their children, in a busy loop or not") {
    troupe::sync_wait(troupe::with_timeout(20s, kill_a_parent()));
}
