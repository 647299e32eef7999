// Starting actors while one of those who take part is killed: the child, the spawner, the forkserver.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"
#include "base/step.hpp"
#include "catch.hpp"
#include "kill/warrant.hpp"

using namespace std::chrono_literals;

namespace {

bool by_forkserver() {
    const char* method = std::getenv("TROUPE_START_METHOD");
    return method == nullptr || std::string_view(method) == "forkserver";
}

// --- the child

int add(int a, int b, std::vector<char> ballast) { return a + b + static_cast<int>(ballast.size()) - 10'000; }

// A start ends with a reference, or with spawn_failed when the child died before it got to its function.
troupe::task<troupe::exit_status> start_one() {
    try {
        auto child = co_await troupe::spawn<&add>(20, 22, std::vector<char>(10'000));
        const auto end = co_await child.join();
        if (killing::place_of_death().empty()) {
            CHECK(end.code() == 42);
            co_return troupe::exit_status::from_exit(0);
        }
        co_return end;
    } catch (const troupe::spawn_failed& failure) {
        CHECK_THAT(failure.what(), checks::contains("signal 9") && checks::contains("before it reached its function"));
        co_return troupe::exit_status::from_signal(SIGKILL, false);
    }
}

// --- the spawner

void do_nothing() {}

troupe::task<> wait_for_ever(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
}

troupe::task<> start_two() {
    killing::take_warrant();
    auto quick = co_await troupe::spawn<&do_nothing>();
    auto slow = co_await troupe::spawn<&wait_for_ever>();
    co_await quick.join();
    slow.stop();
    co_await slow.join();
}

troupe::task<troupe::exit_status> start_a_spawner() {
    co_return co_await (co_await troupe::spawn<&start_two>()).join();
}

// --- other signals at a step

const char* struck_at = "";
int struck_by = 0;
class blow {
public:
    blow(const char* step, int signal) : before_(troupe::base::step_hook) {
        struck_at = step;
        struck_by = signal;
        troupe::base::step_hook = [](const char* step) {
            if (std::string_view(step) == struck_at) raise(struck_by);
        };
    }
    blow(const blow&) = delete;
    blow& operator=(const blow&) = delete;
    ~blow() { troupe::base::step_hook = before_; }

private:
    void (*before_)(const char*);
};

void crash_while_it_spawns(std::string step) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const blow one(step.c_str(), SIGSEGV);
    troupe::sync_wait(troupe::spawn<&wait_for_ever>());
}

troupe::task<troupe::exit_status> end_of_one_that_crashes(std::string step) {
    co_return co_await (co_await troupe::spawn<&crash_while_it_spawns>(step)).join();
}

// --- the forkserver

troupe::task<> start_in_a_row(int how_many) {
    for (int i = 0; i < how_many; ++i) {
        auto child = co_await troupe::spawn<&add>(i, 1, std::vector<char>(10'000));
        const auto end = co_await child.join();
        CHECK(end.code() == i + 1);
    }
}

troupe::task<> outlive_the_forkserver() {
    auto elder = co_await troupe::spawn<&wait_for_ever>();
    co_await start_in_a_row(3);
    CHECK(elder.alive());
    co_await elder.send(1);
    elder.stop();
    const auto end = co_await elder.join();
    CHECK(end.success());
}

// --- the keeper is slow, and a supervisor is not

troupe::task<> echo(troupe::queue<int> in, troupe::queue<int> out) {
    while (const auto one = co_await in.get()) co_await out.put(*one);
}

class slow_keeper {
public:
    explicit slow_keeper(const char* where) {
        where_ = where;
        before_ = troupe::base::step_hook;
        troupe::base::step_hook = [](const char* step) {
            if (std::string_view(step) == where_) std::this_thread::sleep_for(100ms);
            before_(step);
        };
    }
    slow_keeper(const slow_keeper&) = delete;
    slow_keeper& operator=(const slow_keeper&) = delete;
    ~slow_keeper() { troupe::base::step_hook = before_; }

private:
    static inline void (*before_)(const char*) = nullptr;
    static inline const char* where_ = nullptr;
};

// What the keeper takes from the last incarnation must not be the next one's.
troupe::task<> start_again_behind_the_keeper() {
    const slow_keeper while_this_lasts("keeper: death counted");
    troupe::queue<int> in, out;
    troupe::supervisor crew;
    const auto one = co_await crew.spawn<echo>({}, in, out);
    one.kill();
    while (crew.restarts() == 0) co_await troupe::yield();
    co_await start_in_a_row(1);  // whose end the keeper deals with next
    co_await killing::asleep(one.id());
    co_await in.put(7);
    const auto out_item = co_await out.get();
    CHECK(*out_item == 7);
    co_await crew.stop();
}

// A signal that is on its way when the next process is made was meant for the last one.
troupe::task<> signalled_before_it_is_announced() {
    const slow_keeper while_this_lasts("keeper: through with the end");
    troupe::queue<int> in, out;
    troupe::supervisor crew;
    const auto one = co_await crew.spawn<echo>({}, in, out);
    killing::at_own_step("process: incarnation counted", [&] {
        troupe::actors::own_process::here().tell_keeper({.word = troupe::keepers::keeper_word::signal,
                                                         .slot = one.id().slot(),
                                                         .subject = one.id().value,
                                                         .value = SIGTERM,
                                                         .budget_ms = 1000});
    });
    one.kill();
    while (crew.restarts() == 0) co_await troupe::yield();
    co_await start_in_a_row(1);  // whose end the keeper deals with after the signal
    co_await in.put(7);
    const auto out_item = co_await out.get();
    CHECK(*out_item == 7);
    CHECK(crew.restarts() == 1);
    co_await crew.stop();
}

// The forkserver dies with the restart in its hands, and nothing else goes on that would wake the supervisor.
troupe::task<> restart_outlives_the_forkserver(const std::string& step) {
    troupe::queue<int> in, out;
    troupe::supervisor crew;
    const auto one = co_await crew.spawn<echo>({.method = troupe::start_method::forkserver}, in, out);
    killing::sign_warrant(killing::victim::forkserver, 1, step);
    one.kill();
    while (crew.restarts() == 0) co_await troupe::yield();
    co_await in.put(7);
    const auto out_item = co_await out.get();
    CHECK(*out_item == 7);
    co_await crew.stop();
}

}  // namespace

TEST_CASE("spawn: a child killed at any step before its function is reported, and after it has its exit status") {
    CHECK(killing::dies_at_each({"block: released", "child: about to begin", "child: about to end"}, &start_one,
                                killing::victim::next_child));
}

TEST_CASE("spawn: a spawner killed at any step leaves no child behind") {
    CHECK(killing::dies_at_each({"process: slot claimed", "channel: claimed", "channel: has a ring",
                                 "spawn: mailbox made", "block: taken", "parcel: packed"},
                                &start_a_spawner));
}

TEST_CASE("spawn: a spawner killed right after it made the process leaves no child behind") {
    if (by_forkserver()) return;  // there the forkserver makes it
    killing::sign_warrant(killing::victim::itself, 1, "spawn: process made");
    const auto end = troupe::sync_wait(troupe::with_timeout(20s, start_a_spawner()));
    CHECK(end.code() == -SIGKILL);
    killing::withdraw_warrant();
}

TEST_CASE("spawn: a spawner that crashes in the middle of it is told like any other, and leaves no child behind") {
    const std::string step = GENERATE("process: slot claimed", "spawn: mailbox made", "spawn: process made");
    if (by_forkserver() && step == "spawn: process made") return;  // there the forkserver makes it
    const auto end = troupe::sync_wait(troupe::with_timeout(20s, end_of_one_that_crashes(step)));
    CHECK(end.signal() == SIGSEGV);
    CHECK_FALSE(end.stack().empty());
}

TEST_CASE("terminate: a SIGTERM that comes the instant a forked process is made is not lost") {
    std::optional<blow> one(std::in_place, "fork: copied", SIGTERM);
    auto forked = troupe::sync_wait(troupe::spawn<&wait_for_ever>({.method = troupe::start_method::fork}));
    one.reset();
    CHECK(troupe::sync_wait(troupe::with_timeout(20s, forked.join())).code() == -SIGTERM);
}

TEST_CASE("forkserver: killed at any step it is started again, and every start that was asked for happens once") {
    if (!by_forkserver()) return;
    const std::string step = GENERATE("forkserver: request taken", "forkserver: cloned");
    const int nth = GENERATE(1, 2, 3);
    killing::sign_warrant(killing::victim::forkserver, nth, step);
    troupe::sync_wait(troupe::with_timeout(20s, outlive_the_forkserver()));
    CHECK(killing::place_of_death() == step);
    killing::withdraw_warrant();
}

TEST_CASE("supervisor: a child is started again when the keeper is through with its end, and not before") {
    troupe::sync_wait(troupe::with_timeout(20s, start_again_behind_the_keeper()));
}

TEST_CASE("supervisor: a signal that was sent before a restart does not reach the process that it makes") {
    troupe::sync_wait(troupe::with_timeout(20s, signalled_before_it_is_announced()));
}

TEST_CASE("supervisor: a restart that the forkserver dies with is made by the next one") {
    const std::string step = GENERATE("forkserver: request taken", "forkserver: cloned");
    troupe::sync_wait(troupe::with_timeout(20s, restart_outlives_the_forkserver(step)));
    CHECK(killing::place_of_death() == step);
    killing::withdraw_warrant();
}
