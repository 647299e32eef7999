// Children that cannot become the actors they were started to be.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"
#include "catch.hpp"
#include "kill/remains.hpp"

using namespace std::chrono_literals;

namespace {

using checks::contains;

// An argument whose decoding ends the process: a child that dies before its function.
struct poison {
    int value = 0;
    std::string not_flat = {};
};

}  // namespace

template <>
struct troupe::detail::value_traits<poison> {
    using representation = int;
    static representation to(const poison& p) { return p.value; }
    static void from(representation&& value, poison&) {
        if (value == SIGSEGV) {
            std::signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
        }
        _exit(value);
    }
};

namespace {

void swallow(poison) {}
void nothing() {}
troupe::task<> answer_never(troupe::mailbox<int> box) {
    raise(SIGKILL);
    co_await box.receive();
}

std::string refusal(troupe::task<troupe::actor<>> start) {
    try {
        troupe::sync_wait(troupe::with_timeout(20s, std::move(start)));
    } catch (const troupe::spawn_failed& failure) {
        return failure.what();
    }
    return "it was not refused";
}

// An actor function that no executable has: as if the child ran another binary.
const troupe::detail::registration& unknown_entry() {
    static const auto entry = [] {
        // Made in the program alone, so no other process knows it. (A copy made by fork does: it is left out there.)
        return troupe::detail::registration(
            "a function of another binary", troupe::detail::hash_of("a function of another binary"),
            [](troupe::detail::birth&) -> int { return 0; }, [](std::uint32_t) { return std::string_view(); });
    }();
    return entry;
}

troupe::task<> start_unknown(troupe::start_method method) {
    troupe::detail::start_request request{&unknown_entry(), troupe::detail::encoded(std::tuple<>()), false};
    co_await troupe::detail::start(troupe::spawn_options{.method = method}, std::move(request));
}

troupe::task<> die_at_once() {
    auto brief = co_await troupe::spawn<&answer_never>();
    const auto end = co_await brief.join();
    CHECK(end.code() == -SIGKILL);
    bool told = false;
    try {
        co_await brief.send(1);
    } catch (const troupe::actor_died& death) {
        told = death.status().code() == -SIGKILL;
    }
    CHECK(told);
}

}  // namespace

TEST_CASE("child: a function that the child's executable does not have is reported") {
    const auto method = GENERATE(troupe::start_method::spawn, troupe::start_method::forkserver);
    const auto before = killing::remains::nothing();
    CHECK_THROWS_AS(troupe::sync_wait(troupe::with_timeout(20s, start_unknown(method))), troupe::spawn_failed);
    CHECK_THROWS_WITH(troupe::sync_wait(troupe::with_timeout(20s, start_unknown(method))),
                      contains("not in this executable") && contains("another binary"));
    CHECK(killing::remains::settled(before) == before);
}

TEST_CASE("child: one that dies before it gets to its function fails the spawn, with how it ended") {
    const auto before = killing::remains::nothing();
    CHECK_THAT(refusal(troupe::spawn<&swallow>(poison{3})), contains("exited with 3 before it reached its function"));
    CHECK_THAT(refusal(troupe::spawn<&swallow>(poison{SIGSEGV})), contains("signal 11") && contains("static init"));
    CHECK(killing::remains::settled(before) == before);
}

TEST_CASE("child: one that dies before its first message is dead to whoever sends to it") {
    troupe::sync_wait(troupe::with_timeout(20s, die_at_once()));
}

TEST_CASE("child: a parent goes on after a spawn that failed") {
    refusal(troupe::spawn<&swallow>(poison{3}));
    const auto child = troupe::sync_wait(troupe::spawn<&nothing>());
    CHECK(troupe::sync_wait(troupe::with_timeout(20s, child.join())).success());
}
