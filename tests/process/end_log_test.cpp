// What is kept of each end of an actor, also of those before its last.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "shm/shared_text.hpp"
#include "watched.hpp"

// A sanitizer would tell of the fault before the CPU does.
#define TROUPE_TEST_FAULTY __attribute__((noinline, no_sanitize("address", "undefined")))

namespace {

using namespace std::chrono_literals;
using troupe::task;
using troupe::shm::end_record;

struct look_at {
    using reply = int;
    std::uint64_t address;
};
struct item {
    int number;
};

volatile int seen = 0;
TROUPE_TEST_FAULTY void read_at(std::uint64_t address) {
    seen = *reinterpret_cast<volatile int*>(address);  // NOLINT(performance-no-int-to-ptr)
}

void leave_no_core() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

task<> reader_of_addresses(troupe::mailbox<look_at> inbox) {
    leave_no_core();
    co_await inbox.serve([](look_at m) {
        read_at(m.address);
        return int{seen};
    });
}
task<> sleeper(troupe::mailbox<item>) { co_await troupe::sleep_for(24h); }
void thrower() { throw std::runtime_error("no"); }
task<> last_to_take(troupe::mailbox<item> inbox, troupe::queue<int> taken) {
    while (const auto one = co_await inbox.receive()) {
        co_await taken.put(one->number);
        if (one->number == 0) raise(SIGKILL);
    }
}

// The newest first.
std::vector<const end_record*> ends_of(troupe::detail::actor_id actor) {
    const auto& memory = troupe::channel::participant::here().memory();
    std::vector<const end_record*> found;
    const std::uint64_t last = memory.header().ends.get();
    for (std::uint64_t number = last; number > 0 && last - number < troupe::shm::end_log_records; --number) {
        const end_record& one = memory.log_of_ends().at(number);
        if (one.number.get() == number && one.actor.get() == actor) found.push_back(&one);
    }
    return found;
}

int signal_of(const end_record& end) {
    return troupe::shm::unpack_end(end.end.get(), end.actor.get()).value_or(troupe::exit_status()).signal();
}

task<> crash_thrice() {
    troupe::supervisor team({.max_restarts = 10, .back_off = 1ms});
    auto fragile = co_await team.spawn<reader_of_addresses>({.name = "fragile"});
    for (std::uint64_t i = 1; i <= 3; ++i) {
        int died = 0;
        try {
            co_await fragile.ask(look_at{8 * i}, 20s);
        } catch (const troupe::actor_died&) {
            died = 1;
        }
        CHECK(died == 1);
    }
    const auto ends = ends_of(fragile.id());
    REQUIRE(ends.size() == 3);
    for (std::uint32_t i = 0; i < 3; ++i) {
        const end_record& end = *ends[i];
        CAPTURE(i);
        CHECK(troupe::shm::load_text(end.name) == "fragile");
        CHECK(end.incarnation.get() == 2 - i);
        CHECK(signal_of(end) == SIGSEGV);
        CHECK(end.crash_signal.get() == SIGSEGV);
        CHECK(end.fault_address.get() == 8 * std::uint64_t{3 - i});
        CHECK(end.message_type.get() != 0);
        CHECK(end.lost.get() == 0);
        CHECK(end.peak_memory.get() > 0);
        REQUIRE(end.frame_count.get() > 0);
        CHECK(end.frames[0].where.get() == ends[0]->frames[0].where.get());
        CHECK(end.frames[0].module.get() < end.modules.size());
    }
    CHECK(ends[0]->pid.get() != ends[1]->pid.get());
    CHECK(ends[1]->pid.get() != ends[2]->pid.get());
    CHECK(ends[0]->ms.get() >= ends[1]->ms.get());
    CHECK(ends[1]->ms.get() >= ends[2]->ms.get());
    co_await team.stop();
}

task<> lose_messages() {
    auto full = co_await troupe::spawn<sleeper>({.name = "full"});
    for (int i = 0; i < 600; ++i) co_await full.send(item{i});
    std::vector<item> many;
    for (int i = 0; i < 400; ++i) many.push_back({i});
    co_await full.send_many(many);
    full.kill();
    co_await full.join();
    const auto ends = ends_of(full.id());
    REQUIRE(ends.size() == 1);
    CHECK(signal_of(*ends[0]) == SIGKILL);
    CHECK(ends[0]->lost.get() == 1'000);
    CHECK(ends[0]->crash_signal.get() == 0);
}

task<> lose_none() {
    troupe::queue<int> taken;
    troupe::supervisor team({.max_restarts = 10, .back_off = 1ms});
    auto one = co_await team.spawn<last_to_take>({}, taken);
    co_await one.send(item{0});
    for (int i = 1; i <= 5; ++i) co_await one.send(item{i});
    for (int i = 0; i <= 5; ++i) {
        const auto next = co_await troupe::with_timeout(20s, taken.get());
        CHECK(next == i);
    }
    const auto ends = ends_of(one.id());
    REQUIRE(ends.size() == 1);
    CHECK(ends[0]->lost.get() == 0);
    co_await team.stop();
}

template <auto Fn>
task<std::vector<const end_record*>> ends_under(troupe::limits limits) {
    const auto one = co_await troupe::spawn<Fn>({.limits = limits});
    co_await one.join();
    co_return ends_of(one.id());
}

void write_too_much() {
    leave_no_core();
    char name[] = "/tmp/troupe-test-XXXXXX";
    const int file = mkstemp(name);
    unlink(name);
    const std::vector<char> many(1 << 20);
    static_cast<void>(write(file, many.data(), many.size()));
    static_cast<void>(write(file, many.data(), many.size()));
}

}  // namespace

TEST_CASE("end log: three crashes of one actor are kept, each with its own address and stack") {
    watched(crash_thrice());
}

TEST_CASE("end log: the messages that were lost with an actor are counted") { watched(lose_messages()); }

TEST_CASE("end log: no message is lost with a process whose actor is started again") { watched(lose_none()); }

TEST_CASE("end log: an exception is kept with its type and text") {
    const auto ends = watched(ends_under<thrower>({}));
    REQUIRE(ends.size() == 1);
    CHECK(troupe::shm::load_text(ends[0]->exception_type) == "std::runtime_error");
    CHECK(troupe::shm::load_text(ends[0]->exception_text) == "no");
    CHECK(ends[0]->frame_count.get() == 0);
}

TEST_CASE("end log: the limit that ended an actor is kept") {
    const auto ends = watched(ends_under<write_too_much>({.file_size = 1 << 20}));
    REQUIRE(ends.size() == 1);
    CHECK(signal_of(*ends[0]) == SIGXFSZ);
    CHECK(static_cast<troupe::limit_reached>(ends[0]->limit.get()) == troupe::limit_reached::file_size);
}
