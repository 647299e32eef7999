// The limit of an actor's memory. Not where everything is sanitized: AddressSanitizer reserves terabytes, which count
// against it.
#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "process/limited.hpp"

using namespace limited;

namespace {

using checks::contains;
using troupe::exit_status;
using troupe::limit_reached;
using troupe::spawn;
using troupe::task;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

void eat_memory() {
    std::vector<std::string> eaten;
    for (;;) eaten.emplace_back(1000, 'x');
}
void eat_memory_unprepared() noexcept { eat_memory(); }
__attribute__((noinline, no_sanitize("address", "undefined"))) void eat_memory_unchecked() {
    for (;;) {
        char* const more = static_cast<char*>(std::malloc(100'000));
        for (int i = 0; i < 100'000; i += 1000) *const_cast<volatile char*>(more + i) = 'x';
    }
}
void fail_otherwise() {
    try {
        eat_memory();
    } catch (const std::bad_alloc&) {
    }
    throw std::runtime_error("something else");
}

struct meal {
    using reply = int;
    bool deadly;
};
task<> eat_and_abort(troupe::mailbox<meal> inbox) {
    co_await inbox.serve([](meal m) {
        if (m.deadly) std::abort();
        eat_memory();
        return 0;
    });
}
task<exit_status> abort_after_a_meal() {
    const auto one = co_await spawn<eat_and_abort>({.limits = {.memory = 64 * mib, .core_size = 0}});
    try {
        co_await one.ask(meal{.deadly = false});
    } catch (const troupe::remote_error&) {
    }
    try {
        co_await one.ask(meal{.deadly = true});
    } catch (const troupe::actor_died&) {
    }
    co_return co_await one.join();
}

task<int> start_a_copy_that_eats() {
    const auto child = co_await spawn<eat_memory>({.method = troupe::start_method::fork});
    co_return static_cast<int>((co_await child.join()).limit());
}

}  // namespace

TEST_CASE("limits: past its limit of memory an actor ends with std::bad_alloc, and its status says why") {
    const exit_status status = end_under<eat_memory>({.memory = 64 * mib});
    CHECK(status.exception_type() == "std::bad_alloc");
    CHECK(status.limit() == limit_reached::memory);
    CHECK(status.peak_memory() < 128 * mib);
    CHECK_THAT(to_string(status),
               contains("ended with std::bad_alloc") && contains("after its limit of memory was reached"));
}

TEST_CASE("limits: one that aborts for want of memory has the limit as its cause") {
    const exit_status status = end_under<eat_memory_unprepared>({.memory = 64 * mib, .core_size = 0});
    CHECK(status.signal() == SIGABRT);
    CHECK(status.limit() == limit_reached::memory);
}

TEST_CASE("limits: one that falls over the null pointer of a malloc has the limit as its cause") {
    const exit_status status = end_under<eat_memory_unchecked>({.memory = 64 * mib, .core_size = 0});
    CHECK(status.signal() == SIGSEGV);
    CHECK(status.limit() == limit_reached::memory);
}

TEST_CASE("limits: one that got over it and ended by something else has not") {
    const exit_status status = end_under<fail_otherwise>({.memory = 64 * mib});
    CHECK(status.exception_type() == "std::runtime_error");
    CHECK(status.limit() == limit_reached::none);
}

TEST_CASE("limits: an abort over one message is not laid to the memory that an earlier one was refused") {
    const exit_status status = watched(abort_after_a_meal());
    CHECK(status.signal() == SIGABRT);
    CHECK(status.limit() == limit_reached::none);
}

TEST_CASE("limits: one inherited from a parent is told as well") {
    const exit_status status = end_under<start_a_copy_that_eats>({.memory = 64 * mib});
    CHECK(status.code() == static_cast<int>(limit_reached::memory));
}

TEST_CASE("limits: within its limit of memory an actor runs as any other") {
    CHECK(end_under<nothing>({.memory = 64 * mib}).success());
}

TEST_CASE("limits: less memory than a process takes to begin is an error at spawn") {
    CHECK_THAT(refusal({.memory = 4096}), contains("memory (4096 bytes)"));
}
