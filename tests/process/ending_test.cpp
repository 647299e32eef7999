// Ending an actor from outside: asked, interrupted, terminated, killed; and the end of its parent.
#include <chrono>
#include <csignal>
#include <string>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::exit_status;
using troupe::spawn;
using troupe::task;

enum class ending { stop, interrupt, terminate, kill };

void end(const troupe::actor<>& one, ending how) {
    switch (how) {
    case ending::stop: one.stop(); break;
    case ending::interrupt: one.interrupt(); break;
    case ending::terminate: one.terminate(10s); break;
    case ending::kill: one.kill(); break;
    }
}

// Says so when it is unwound.
class unwound {
public:
    explicit unwound(troupe::queue<std::string> told) : told_(told) {}
    ~unwound() { told_.try_put("unwound"); }

private:
    troupe::queue<std::string> told_;
};

task<int> wait_in_mailbox(troupe::mailbox<int> inbox, troupe::queue<std::string> told) {
    const unwound one(told);
    co_await told.put("waits");
    while (auto number = co_await inbox.receive()) co_await told.put(std::to_string(*number));
    co_await told.put("ended");
    co_return troupe::this_actor::stop_requested() ? 7 : 8;
}
void wait_in_plain_function(troupe::queue<std::string> told) {
    const unwound one(told);
    troupe::sync_wait(told.put("waits"));
    troupe::sync_wait(troupe::sleep_for(1h));
}
void spin(troupe::queue<std::string> told) {
    troupe::sync_wait(told.put("waits"));
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}
task<int> catch_interrupt(troupe::queue<std::string> told) {
    co_await told.put("waits");
    bool caught = false;
    try {
        co_await troupe::sleep_for(1h);
    } catch (const troupe::cancelled&) {
        caught = true;
    }
    if (caught) co_await told.put("goes on");  // it may wait again
    co_return 6;
}
task<> ask_whether_stopped(troupe::queue<std::string> told) {
    co_await told.put("waits");
    while (!troupe::this_actor::stop_requested()) co_await troupe::sleep_for(1ms);
}

struct ended {
    exit_status status;
    std::vector<std::string> told;
};

// Starts Fn, ends it once it says that it waits, and gives how it ended and what else it said.
template <auto Fn>
task<ended> end_one(ending how) {
    troupe::queue<std::string> told;
    const auto one = co_await spawn<Fn>(told);
    co_await told.get();
    end(one, how);
    ended result{co_await one.join(), {}};
    while (auto line = told.try_get()) result.told.push_back(*line);
    co_return result;
}

task<ended> stop_with_messages_waiting() {
    troupe::queue<std::string> told;
    const auto one = co_await spawn<wait_in_mailbox>(told);
    for (const int number : {1, 2, 3}) co_await one.send(number);
    one.stop();
    ended result{co_await one.join(), {}};
    while (auto line = told.try_get()) result.told.push_back(*line);
    co_return result;
}

task<exit_status> terminate_busy(std::chrono::milliseconds budget) {
    troupe::queue<std::string> told;
    const auto one = co_await spawn<spin>(told);
    co_await told.get();
    one.terminate(budget);
    co_return co_await one.join();
}

// At once, when it has just been started.
task<exit_status> end_newborn(ending how) {
    const auto one = co_await spawn<ask_whether_stopped>(troupe::queue<std::string>());
    end(one, how);
    co_return co_await one.join();
}

task<> stop_dead() {
    const auto one = co_await spawn<ask_whether_stopped>(troupe::queue<std::string>());
    one.kill();
    co_await one.join();
    for (const ending how : {ending::stop, ending::interrupt, ending::terminate, ending::kill}) end(one, how);
    const auto one_status = co_await one.join();
    REQUIRE(one_status.code() == -SIGKILL);
}

task<> take_all(troupe::mailbox<int> inbox) {
    while (co_await inbox.receive()) {
    }
}
task<bool> send_after_stop() {
    const auto one = co_await spawn<take_all>();
    one.stop();
    bool refused = false;
    while (!refused) {  // until it has seen that it is asked
        try {
            co_await one.send(1);
        } catch (const troupe::closed&) {
            refused = true;
        } catch (const troupe::actor_died&) {
            refused = true;
        }
    }
    co_return (co_await one.join()).code() == 0;
}

}  // namespace

TEST_CASE("stop: the mailbox ends after what is in it, and the function goes on") {
    const ended result = watched(stop_with_messages_waiting());
    CHECK(result.status.code() == 7);
    CHECK(result.told == std::vector<std::string>{"waits", "1", "2", "3", "ended", "unwound"});
}

TEST_CASE("stop: an actor without a mailbox sees that it is asked") {
    CHECK(watched(end_one<ask_whether_stopped>(ending::stop)).status.code() == 0);
}

TEST_CASE("stop: no message is taken after it") { CHECK(watched(send_after_stop())); }

TEST_CASE("interrupt: the wait throws cancelled, and the actor may go on") {
    const ended result = watched(end_one<catch_interrupt>(ending::interrupt));
    CHECK(result.status.code() == 6);
    CHECK(result.told == std::vector<std::string>{"goes on"});
}

TEST_CASE("interrupt: an actor that does not catch it ends with the exception") {
    const ended result = watched(end_one<wait_in_mailbox>(ending::interrupt));
    CHECK(result.status.code() == 1);
    CHECK(result.status.exception_type() == "troupe::cancelled");
    CHECK(result.told == std::vector<std::string>{"unwound"});
}

TEST_CASE("terminate: the actor is unwound, its destructors run, and it dies of SIGTERM") {
    const ended result = watched(end_one<wait_in_mailbox>(ending::terminate));
    CHECK(result.status.code() == -SIGTERM);
    CHECK(result.told == std::vector<std::string>{"unwound"});
}

TEST_CASE("terminate: a plain function that waits is unwound too") {
    const ended result = watched(end_one<wait_in_plain_function>(ending::terminate));
    CHECK(result.status.code() == -SIGTERM);
    CHECK(result.told == std::vector<std::string>{"unwound"});
}

TEST_CASE("terminate: a busy loop is killed when its budget is over") {
    CHECK(watched(terminate_busy(50ms)).code() == -SIGKILL);
}

TEST_CASE("kill: the actor is gone without being unwound") {
    const ended result = watched(end_one<wait_in_mailbox>(ending::kill));
    CHECK(result.status.code() == -SIGKILL);
    CHECK(result.told.empty());
}

TEST_CASE("kill: a busy loop dies of it") { CHECK(watched(end_one<spin>(ending::kill)).status.code() == -SIGKILL); }

TEST_CASE("ending: an actor that was started a moment ago hears it") {
    for (int i = 0; i < 20; ++i) {
        REQUIRE(watched(end_newborn(ending::kill)).code() == -SIGKILL);
        REQUIRE(watched(end_newborn(ending::terminate)).code() == -SIGTERM);
        REQUIRE(watched(end_newborn(ending::stop)).code() == 0);
        REQUIRE(watched(end_newborn(ending::interrupt)).code() == 1);
    }
}

TEST_CASE("ending: of an actor that is dead it does nothing") { watched(stop_dead()); }
