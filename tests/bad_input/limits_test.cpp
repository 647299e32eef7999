// Limits: past each an error names the limit and what to do about it, and nothing else has changed.
#include <chrono>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

using checks::contains;

template <class Error, class X>
std::string refusal(X&& x) {
    try {
        troupe::sync_wait(troupe::with_timeout(20s, std::forward<X>(x)));
    } catch (const Error& error) {
        return error.what();
    }
    return "it was not refused";
}

// Once: to touch a gigabyte takes seconds.
template <class Call>
std::string too_large_at_once(Call call) {
    try {
        call();
    } catch (const troupe::too_large& error) {
        return error.what();
    }
    return "it was not refused";
}

void nothing() {}
int length(std::vector<char> text) { return static_cast<int>(text.size() % 251); }

troupe::task<> ignore_everything(troupe::mailbox<std::vector<char>> box) {
    co_await troupe::sleep_for(24h);
    co_await box.receive();
}

troupe::task<> fill_a_mailbox() {
    auto deaf = co_await troupe::spawn<&ignore_everything>(troupe::spawn_options{.mailbox = 64 << 10});
    const std::vector<char> message(1000);
    int sent = 0;
    while (deaf.try_send(message) == troupe::send_result::sent) ++sent;
    CHECK(sent > 10);
    CHECK(sent < 100);
    bool late = false;
    try {
        co_await troupe::with_timeout(1ms, deaf.send(message));
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    CHECK(deaf.try_send(message) == troupe::send_result::full);
    deaf.kill();
    co_await deaf.join();
    CHECK(deaf.try_send(message) == troupe::send_result::gone);
}

troupe::task<> still_works() {
    const auto end = co_await (co_await troupe::spawn<&length>(std::vector<char>(10))).join();
    CHECK(end.code() == 10);
}

}  // namespace

TEST_CASE("limits: a mailbox of 0 bytes, or of an absurd size, is refused with the sizes that go") {
    const std::size_t size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{1} << 40, ~std::size_t{0});
    const std::string why =
        refusal<troupe::spawn_failed>(troupe::spawn<&ignore_everything>(troupe::spawn_options{.mailbox = size}));
    CHECK_THAT(why, contains(std::to_string(size)) && contains("from 64 KiB to 256 MiB"));
    troupe::sync_wait(still_works());
}

TEST_CASE("limits: a queue of no items, or of absurdly many, is refused with the capacities that go") {
    const std::size_t capacity = GENERATE(std::size_t{0}, std::size_t{1} << 30, ~std::size_t{0});
    CHECK_THROWS_WITH(troupe::queue<int>({.capacity = capacity}),
                      contains(std::to_string(capacity)) && contains("from 1 to 131072"));
    CHECK_THROWS_AS(troupe::queue<int>({.bytes = 0}), troupe::too_large);
}

TEST_CASE("limits: a message above 1 GiB is refused where it is sent, and the queue is unchanged") {
    troupe::queue<std::vector<char>> q;
    {
        const std::vector<char> message((std::size_t{1} << 30) + 1);
        CHECK_THAT(too_large_at_once([&] { static_cast<void>(q.put(message)); }), contains("1 GiB"));
    }
    CHECK(q.size() == 0);
    CHECK(q.try_put({'a'}));
    CHECK(q.try_get() == std::vector<char>{'a'});
}

TEST_CASE("limits: arguments above 1 GiB are refused at the call, and spawning goes on") {
    const std::string why = too_large_at_once(
        [] { static_cast<void>(troupe::spawn<&length>(std::vector<char>((std::size_t{1} << 30) + 1))); });
    CHECK_THAT(why, contains("1 GiB"));
    troupe::sync_wait(still_works());
}

TEST_CASE("limits: a name above 63 bytes, or a variable without a name, is refused") {
    const std::string name(64, 'n');
    CHECK_THAT(refusal<troupe::spawn_failed>(troupe::spawn<&nothing>(troupe::spawn_options{.name = name})),
               contains("63 bytes"));
    CHECK_THAT(
        refusal<troupe::spawn_failed>(troupe::spawn<&nothing>(troupe::spawn_options{.environment = {{"a=b", "c"}}})),
        contains("'a=b'"));
}

TEST_CASE("limits: a working directory that is not there fails the spawn, and says which") {
    CHECK_THAT(refusal<troupe::spawn_failed>(troupe::spawn<&nothing>(troupe::spawn_options{.directory = "/not/there"})),
               contains("/not/there") && contains("No such file"));
}

TEST_CASE("limits: a full mailbox that nobody reads ends a send at its deadline, and took nothing") {
    troupe::sync_wait(troupe::with_timeout(20s, fill_a_mailbox()));
}
