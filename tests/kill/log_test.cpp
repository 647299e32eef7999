// An actor that is killed at every step of logging, from the making of the ring on.
#include <chrono>
#include <string>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "kill/warrant.hpp"
#include "logged.hpp"

using namespace std::chrono_literals;
using troupe::log_level;
using troupe::this_actor::log;

namespace {

constexpr int lines = 3;

const bool kept = (testing::keep_log(), true);  // before main

void log_some(int round) {
    killing::take_warrant();
    for (int i = 1; i <= lines; ++i) {
        log(log_level::info, "victim " + std::to_string(round) + ' ' + std::to_string(i));
        killing::note(i);
    }
}

bool is_written(const std::string& line) { return testing::logged_lines().find(line + '\n') != std::string::npos; }

// Every line whose call returned is written, and the other one's, who logs after it.
troupe::task<troupe::exit_status> killed_while_logging() {
    static int round = 0;
    const std::string name = "victim " + std::to_string(++round) + ' ';
    const auto end = co_await (co_await troupe::spawn<&log_some>(round)).join();
    const std::string last = "after " + name;
    log(log_level::info, last);
    while (!is_written(last)) co_await troupe::sleep_for(1ms);
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted());
    for (int i = 1; i <= killing::noted(); ++i) CHECK(is_written(name + std::to_string(i)));
    for (int i = killing::noted() + 2; i <= lines; ++i) CHECK_FALSE(is_written(name + std::to_string(i)));
    co_return end;
}

// Of the program's log there is one, however many victims began to make it.
std::size_t rings_of_log() {
    auto& memory = troupe::channel::participant::here().memory();
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < memory.channels().reached(); ++i) {
        const auto& one = memory.channel(static_cast<std::uint16_t>(i));
        const bool used = one.life.state() != troupe::shm::channel_state::free;
        count += used && one.kind.get() == troupe::shm::channel_kind::log;
    }
    return count;
}

}  // namespace

TEST_CASE("log: an actor killed at any step of logging loses at most the line it is about, and leaves nothing") {
    CHECK(killing::dies_at_each({"ring: before claim", "ring: claimed", "ring: advanced", "ring: before commit",
                                 "ring: committed", "log: line committed"},
                                &killed_while_logging));
    CHECK(rings_of_log() == 1);
}
