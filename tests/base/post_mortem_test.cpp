// What is made of an end, from what was left on the page of the actor.
#include "base/post_mortem.hpp"

#include <chrono>
#include <csignal>
#include <memory>

#include "catch.hpp"

using namespace std::chrono_literals;
using troupe::exit_status;
using troupe::base::post_mortem;

namespace {

// Whether the limit of CPU time is named, for one that was ended by that signal after so much.
bool limit_is_named(int signal, std::chrono::seconds limit, std::chrono::nanoseconds used) {
    const auto page = std::make_unique<post_mortem>();
    page->clear();
    page->limits.set(troupe::base::limited_cpu_time);
    page->cpu_seconds.set(static_cast<std::uint32_t>(limit.count()));
    page->cpu_time.set(static_cast<std::uint64_t>(used.count()));
    exit_status status = exit_status::from_signal(signal, false);
    complete(status, *page, 0);
    return status.limit() == troupe::limit_reached::cpu_time;
}

}  // namespace

TEST_CASE("post-mortem: SIGKILL is the limit's from nine tenths of the CPU time on") {
    CHECK(limit_is_named(SIGKILL, 1s, 1001ms));
    CHECK(limit_is_named(SIGKILL, 1s, 901ms));
    CHECK_FALSE(limit_is_named(SIGKILL, 1s, 899ms));
}

TEST_CASE("post-mortem: SIGKILL is the limit's for the last twenty seconds of a long one") {
    CHECK(limit_is_named(SIGKILL, 1000s, 981s));
    CHECK_FALSE(limit_is_named(SIGKILL, 1000s, 979s));
}

TEST_CASE("post-mortem: SIGXCPU is the limit's whenever it comes") { CHECK(limit_is_named(SIGXCPU, 10s, 0s)); }
