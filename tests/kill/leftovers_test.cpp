// What the dead leave half made: rings, refused starts, links to an actor that was being started again, and rings of a
// doorbell that there was not yet.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

#include "base/step.hpp"
#include "catch.hpp"
#include "channel/participant.hpp"
#include "kill/remains.hpp"
#include "kill/warrant.hpp"
#include "watched.hpp"

using namespace std::chrono_literals;

namespace {

const troupe::shm::program_memory& memory() { return troupe::channel::participant::here().memory(); }

troupe::shm::process_state state_of(std::uint32_t slot) {
    return memory().process(static_cast<std::uint16_t>(slot)).present().state;
}

int forkserver_pid() {
    for (const int child : killing::children_here()) {
        std::string name;
        std::getline(std::ifstream("/proc/" + std::to_string(child) + "/comm"), name);
        if (name == "troupe-forks") return child;
    }
    return 0;
}

troupe::task<> wait_for_ever(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
}

troupe::task<> until(auto what) {
    while (!what()) co_await troupe::sleep_for(1ms);
}

// --- rings

// A size of its own, so that its ring is not one that another test has left with pages.
troupe::task<> start_with_a_large_mailbox() {
    killing::take_warrant();
    auto one = co_await troupe::spawn<&wait_for_ever>({.mailbox = std::size_t{16} << 20});
    one.stop();
    co_await one.join();
}

troupe::task<troupe::exit_status> make_a_large_ring() {
    co_return co_await (co_await troupe::spawn<&start_with_a_large_mailbox>()).join();
}

// --- starts that are refused

class server_without_descriptors {
public:
    server_without_descriptors() : server_(forkserver_pid()) {
        prlimit(server_, RLIMIT_NOFILE, nullptr, &before_);
        const rlimit none{0, before_.rlim_max};
        prlimit(server_, RLIMIT_NOFILE, &none, nullptr);
    }
    server_without_descriptors(const server_without_descriptors&) = delete;
    server_without_descriptors& operator=(const server_without_descriptors&) = delete;
    ~server_without_descriptors() { prlimit(server_, RLIMIT_NOFILE, &before_, nullptr); }

private:
    int server_;
    rlimit before_{};
};

troupe::task<> start_one() {
    co_await troupe::spawn<&wait_for_ever>({.name = "grandchild", .method = troupe::start_method::forkserver});
}

troupe::task<> tell_and_hang(troupe::queue<std::vector<troupe::actor<>>> out) {
    co_await out.put(troupe::this_actor::children());
    for (;;) pause();
}

// Asks for an actor, tells who that is, and hears nothing of it any more.
troupe::task<> ask_and_hang(troupe::queue<std::vector<troupe::actor<>>> out) {
    co_await troupe::when_any(start_one(), tell_and_hang(out));
}

troupe::task<> refuse_behind_its_back() {
    const int server = forkserver_pid();
    kill(server, SIGSTOP);  // until the spawner hangs
    troupe::queue<std::vector<troupe::actor<>>> out;
    auto spawner = co_await troupe::spawn<&ask_and_hang>({.method = troupe::start_method::spawn}, out);
    const auto all = co_await out.get();
    kill(server, SIGCONT);
    REQUIRE(all->size() == 1);
    const auto status = co_await all->front().join();  // nobody but this process can tell
    CHECK_FALSE(status.success());
    CHECK_FALSE(all->front().alive());
    spawner.kill();
    co_await spawner.join();
}

// --- children of whom the keeper hears when their parent has ended

char state_of_process(pid_t pid) {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
    const auto name_ends = line.rfind(") ");
    return name_ends == std::string::npos ? 'X' : line[name_ends + 2];
}

// The program stands still. Its keeper has no descriptors left when it goes on, until the first end is dealt with.
class standstill {
public:
    explicit standstill(pid_t program) : program_(program) {
        prlimit(program, RLIMIT_NOFILE, nullptr, &before_);
        const rlimit none{3, before_.rlim_max};
        prlimit(program, RLIMIT_NOFILE, &none, nullptr);
        kill(program, SIGSTOP);
        while (state_of_process(program) != 'T') usleep(1000);
    }
    standstill(const standstill&) = delete;
    standstill& operator=(const standstill&) = delete;
    ~standstill() {
        kill(program_, SIGCONT);
        prlimit(program_, RLIMIT_NOFILE, &before_, nullptr);
    }

private:
    pid_t program_;
    rlimit before_{};
};

troupe::task<> tell_pid_and_sleep(std::string path) {
    const pid_t own = getpid();
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&own), sizeof own);
    co_await troupe::sleep_for(1h);
}
pid_t pid_in(const std::string& path) {
    pid_t found = 0;
    std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(&found), sizeof found);
    return found;
}

troupe::task<> parent_to_refuse(std::string path) {
    const auto child = co_await troupe::spawn<&tell_pid_and_sleep>(path);
    co_await child.join();
}

// Whether the child was refused. Neither it nor the grandchild needs the keeper to begin.
troupe::task<int> start_in_a_standstill(pid_t program, std::string path) {
    std::optional<standstill> still(program);
    const auto child = co_await troupe::spawn<&parent_to_refuse>(path);
    while (pid_in(path) == 0) usleep(1000);
    kill(program, SIGCONT);
    const auto status = co_await child.join();
    still.reset();
    co_return status.exception_type() == "troupe::spawn_failed" ? 1 : 0;
}

// The limit of now is set again by the keeper when it is through with an end.
class limit_of_open_files {
public:
    limit_of_open_files() : before_(troupe::base::step_hook) {
        getrlimit(RLIMIT_NOFILE, &usual_);
        other_ = before_;
        troupe::base::step_hook = [](const char* step) {
            if (std::string_view(step) == "keeper: through with the end") setrlimit(RLIMIT_NOFILE, &usual_);
            if (other_ != nullptr) other_(step);
        };
    }
    limit_of_open_files(const limit_of_open_files&) = delete;
    limit_of_open_files& operator=(const limit_of_open_files&) = delete;
    ~limit_of_open_files() { troupe::base::step_hook = before_; }

private:
    static inline rlimit usual_{};
    static inline void (*other_)(const char*) = nullptr;
    void (*before_)(const char*);
};

troupe::task<> hear_of_a_child_too_late() {
    std::string path = std::filesystem::temp_directory_path() / "pid-XXXXXX";
    close(mkstemp(path.data()));
    const limit_of_open_files usual;
    const auto one = co_await troupe::spawn<&start_in_a_standstill>(getpid(), path);
    const auto status = co_await one.join();
    CHECK(status.code() == 1);
    const pid_t grandchild = pid_in(path);
    const auto gone = [=] { return state_of_process(grandchild) == 'X' || state_of_process(grandchild) == 'Z'; };
    co_await until(gone);
    std::filesystem::remove(path);
}

// --- links

struct its_child {
    using reply = troupe::actor<int>;
};

troupe::task<> boss(troupe::mailbox<its_child> box) {
    troupe::supervisor team({.max_restarts = 100});
    const auto child = co_await team.spawn<wait_for_ever>({.method = troupe::start_method::forkserver});
    co_await box.serve([&](its_child) { return child; });
}

struct link_to {
    troupe::actor<int> other;
    using reply = bool;
};

troupe::task<> companion(troupe::mailbox<link_to> box) {
    co_await box.serve([](link_to m) {
        troupe::this_actor::link(m.other);
        return true;
    });
}

troupe::task<> give_up_while_it_starts() {
    auto master = co_await troupe::spawn<&boss>();
    const auto child = co_await master.ask(its_child{});
    auto friend_of_it = co_await troupe::spawn<&companion>();
    const int server = forkserver_pid();
    REQUIRE(server > 0);
    kill(server, SIGSTOP);  // the next start will wait
    child.kill();
    const auto slot = child.id().slot();
    co_await until([=] { return state_of(slot) == troupe::shm::process_state::starting; });
    co_await friend_of_it.ask(link_to{child});
    co_await until([=] { return !memory().process(static_cast<std::uint16_t>(slot)).linked.empty(); });
    master.kill();
    const auto end = co_await friend_of_it.join();
    CHECK(end.signal() == SIGTERM);
    CHECK(memory().process(static_cast<std::uint16_t>(slot)).linked.empty());
    kill(server, SIGCONT);
}

// --- doorbells

struct ping {
    using reply = int;
    int number = 0;
};

troupe::task<> answer(troupe::mailbox<ping> box) {
    co_await box.serve([](ping p) { return p.number; });
}

troupe::task<> ring_while_it_starts() {
    troupe::supervisor crew;
    const auto one = co_await crew.spawn<answer>({});
    int got = co_await one.ask(ping{1});
    CHECK(got == 1);
    const auto slot = static_cast<std::uint16_t>(one.id().slot());
    bool rung = false;
    killing::at_own_step("process: incarnation counted", [&] {
        rung = true;
        troupe::channel::participant::here().notify(slot);
    });
    one.kill();
    co_await until([&] { return crew.restarts() == 1; });
    CHECK(rung);
    co_await until([=] { return state_of(slot) == troupe::shm::process_state::running; });
    co_await killing::asleep(one.id());
    got = co_await one.ask(ping{2});
    CHECK(got == 2);
    co_await crew.stop();
}

// --- what a death costs

std::atomic<int> looks = 0;

class counted_looks {
public:
    counted_looks() : before_(troupe::base::step_hook) {
        looks = 0;
        other_ = before_;
        troupe::base::step_hook = [](const char* step) {
            if (std::string_view(step) == "keeper: parcels looked at") ++looks;
            if (other_ != nullptr) other_(step);
        };
    }
    counted_looks(const counted_looks&) = delete;
    counted_looks& operator=(const counted_looks&) = delete;
    ~counted_looks() { troupe::base::step_hook = before_; }

private:
    static inline void (*other_)(const char*) = nullptr;
    void (*before_)(const char*);
};

struct take {
    troupe::queue<int> one;
};

troupe::task<> take_none(troupe::mailbox<take, int> box) {
    while (co_await box.receive<int>()) {
    }
}

troupe::task<> die_beside_many() {
    auto slow = co_await troupe::spawn<take_none>({.mailbox = std::size_t{8} << 20});
    for (int i = 0; i < 300; ++i) co_await slow.send(take{troupe::queue<int>({.capacity = 16})});
    auto victim = co_await troupe::spawn<take_none>();
    // All that was said to the keeper before has been heard when it has answered.
    const counted_looks counted;
    victim.kill();
    co_await victim.join();
    while (troupe::channel::participant::here().memory().process(victim.id().slot()).present().state !=
           troupe::shm::process_state::free) {
        co_await troupe::yield();
    }
    CHECK(looks < 100);
    slow.kill();
    co_await slow.join();
}

}  // namespace

TEST_CASE("spawn: the memory of a mailbox whose maker is killed at any step is there for the next") {
    CHECK(killing::dies_at_each({"block: taken", "block: backed", "channel: has a ring", "channel: ring is its own"},
                                &make_a_large_ring));
}

TEST_CASE("spawn: a start that is refused leaves nothing when its spawner dies before it hears of it") {
    const auto before = killing::remains::nothing();
    {
        const server_without_descriptors poor;
        watched(refuse_behind_its_back());
    }
    CHECK(killing::remains::settled(before) == before);
}

TEST_CASE("keeper: an actor of which it hears when it has ended its parent for want of descriptors ends too") {
    const auto before = killing::remains::nothing();
    watched(hear_of_a_child_too_late());
    CHECK(killing::remains::settled(before) == before);
}

TEST_CASE("link: an actor that is given up while it is being started again ends the linked ones, and leaves no link") {
    watched(give_up_while_it_starts());
    const auto before = killing::remains::nothing();
    CHECK(killing::remains::settled(before) == before);
}

TEST_CASE("supervisor: who rings an actor while it is being started again is heard by it later") {
    watched(ring_while_it_starts());
}

TEST_CASE("death: what others have on their way is looked at no more often for it") { watched(die_beside_many()); }
