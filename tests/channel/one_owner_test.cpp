// Handles with one owner inside messages: who has them when a message was sent, was not sent, or could not be.
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::buffer;
using troupe::connection;
using troupe::mailbox;
using troupe::queue;
using troupe::spawn;
using troupe::task;

constexpr std::size_t mib = std::size_t{1} << 20;

struct picture {
    int number = 0;
    buffer pixels;
};
struct album {
    std::vector<picture> pages;
    std::optional<buffer> cover;
    queue<int> told;
};
struct call {
    std::string name;
    connection<int, int> line;
};

buffer marked(std::size_t size, int mark) {
    buffer made(size);
    made.data()[0] = static_cast<std::byte>(mark);
    return made;
}
bool is_marked(const buffer& held, std::size_t size, int mark) {
    return held.size() == size && held.data()[0] == static_cast<std::byte>(mark);
}

template <class Send>
task<std::string> misuse_of(Send send) {
    try {
        co_await send();
    } catch (const troupe::misuse& refused) {
        co_return refused.what();
    }
    co_return "";
}

task<> sent_twice() {
    queue<picture> q;
    const picture one{1, marked(1000, 7)};
    co_await q.put(one);
    CHECK(one.pixels.size() == 0);
    const std::string refusal = co_await misuse_of([&] { return q.put(one); });
    CHECK_THAT(refusal, checks::contains("this buffer was moved away before"));
    CHECK(q.size() == 1);
    picture other;
    other.pixels = marked(10, 1);
    const buffer taken = std::move(other.pixels);
    const std::string moved = co_await misuse_of([&] { return q.put(other); });
    CHECK_THAT(moved, checks::contains("this buffer was moved away before"));
    other.pixels = marked(20, 2);
    co_await q.put(other);
    co_await q.put(picture{});  // a buffer of nothing
    for (const std::size_t size : {std::size_t{1000}, std::size_t{20}, std::size_t{0}}) {
        const auto got = co_await q.get();
        CHECK(got->pixels.size() == size);
    }
}

void not_put() {
    queue<picture> q({.capacity = 1});
    CHECK(q.try_put(picture{1, marked(mib, 1)}));
    picture second{2, marked(mib, 2)};
    for (int i = 0; i < 3; ++i) {
        CHECK_FALSE(q.try_put(second));
        CHECK(is_marked(second.pixels, mib, 2));
    }
    CHECK(is_marked(q.try_get()->pixels, mib, 1));
    CHECK(q.try_put(second));
    CHECK(!second.pixels);
    q.close();
    picture third{3, marked(mib, 3)};
    CHECK_THROWS_AS(q.try_put(third), troupe::closed);
    CHECK(is_marked(third.pixels, mib, 3));
    CHECK(is_marked(q.try_get()->pixels, mib, 2));
}

void many_not_put() {
    queue<album> q({.capacity = 1});
    const queue<int> told;
    CHECK(q.try_put(album{{}, std::nullopt, told}));
    album one{{}, marked(50, 50), told};
    for (int i = 0; i < 10; ++i) one.pages.push_back({i, marked(5000, i)});
    CHECK_FALSE(q.try_put(one));
    for (int i = 0; i < 10; ++i) CHECK(is_marked(one.pages[static_cast<std::size_t>(i)].pixels, 5000, i));
    CHECK(is_marked(*one.cover, 50, 50));
    CHECK(q.try_get().has_value());
    CHECK(q.try_put(one));
    CHECK(is_marked(q.try_get()->pages[9].pixels, 5000, 9));
}

task<> connection_not_put() {
    queue<call> q({.capacity = 1});
    auto [mine, yours] = troupe::pipe<int, int>();
    auto [first, second] = troupe::pipe<int, int>();
    CHECK(q.try_put(call{"first", std::move(first)}));
    call kept{"kept", std::move(yours)};
    CHECK_FALSE(q.try_put(kept));
    CHECK(kept.line);
    co_await mine.send(5);
    const auto got = co_await kept.line.receive();
    CHECK(got == 5);
    co_await kept.line.send(6);
    const auto back = co_await mine.receive();
    CHECK(back == 6);
    CHECK(q.try_get().has_value());
    CHECK(q.try_put(kept));
    CHECK(!kept.line);
    auto arrived = q.try_get();
    co_await mine.send(7);
    const auto there = co_await arrived->line.receive();
    CHECK(there == 7);
    const std::string refusal = co_await misuse_of([&] { return q.put(kept); });
    CHECK_THAT(refusal, checks::contains("was moved from"));
}

task<> take_nothing(mailbox<picture>, queue<int> gate) { co_await gate.get(); }

task<> not_sent_to_an_actor() {
    queue<int> gate;
    const auto one = co_await spawn<take_nothing>({.mailbox = 64 << 10}, gate);
    int sent = 0;
    picture next{0, marked(100, 1)};
    while (one.try_send(next) == troupe::send_result::sent) {
        next.pixels = marked(100, 1);
        ++sent;
    }
    CHECK(sent > 0);
    CHECK(is_marked(next.pixels, 100, 1));
    co_await gate.put(0);
    co_await one.join();
    CHECK(one.try_send(next) == troupe::send_result::gone);
    CHECK(is_marked(next.pixels, 100, 1));
}

// The second buffer cannot be sent: the first is its owner's still.
void not_encoded() {
    queue<album> q;
    album one{{}, std::nullopt, queue<int>()};
    one.pages.push_back({1, marked(10, 1)});
    one.pages.push_back({2, marked(20, 2)});
    const buffer taken = std::move(one.pages[1].pixels);
    CHECK_THROWS_AS(q.try_put(one), troupe::misuse);
    CHECK(is_marked(one.pages[0].pixels, 10, 1));
    bool refused = false;
    try {
        static_cast<void>(q.put(one));
    } catch (const troupe::misuse&) {
        refused = true;
    }
    CHECK(refused);
    CHECK(is_marked(one.pages[0].pixels, 10, 1));
    CHECK(q.size() == 0);
}

void too_many_of_them() {
    queue<std::vector<buffer>> q;
    std::vector<buffer> all;
    for (int i = 0; i < 65; ++i) all.push_back(marked(10, i));
    bool refused = false;
    try {
        static_cast<void>(q.put(all));
    } catch (const troupe::too_large&) {
        refused = true;
    }
    CHECK(refused);
    for (int i = 0; i < 65; ++i) CHECK(is_marked(all[static_cast<std::size_t>(i)], 10, i));
    CHECK(q.size() == 0);
}

// A wait that did not send lets its buffers go: the listener finds what is left over.
task<> timed_out() {
    queue<picture> q({.capacity = 1});
    co_await q.put(picture{});
    picture one{1, marked(mib, 1)};
    bool late = false;
    try {
        co_await troupe::with_timeout(1ms, q.put(one));
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    CHECK(!one.pixels);
}

}  // namespace

TEST_CASE("one owner: a message whose buffer was sent, or moved, cannot be sent again") { watched(sent_twice()); }
TEST_CASE("one owner: a buffer in a message that was not put is still the caller's") { not_put(); }
TEST_CASE("one owner: all buffers of a message that was not put are in their places again") { many_not_put(); }
TEST_CASE("one owner: a connection in a message that was not put goes on working") { watched(connection_not_put()); }
TEST_CASE("one owner: a buffer that an actor did not get is still the caller's") { watched(not_sent_to_an_actor()); }
TEST_CASE("one owner: what cannot be encoded leaves its buffers where they are") { not_encoded(); }
TEST_CASE("one owner: more buffers than a message carries are refused at the call, and stay where they are") {
    too_many_of_them();
}
TEST_CASE("one owner: a wait that did not send lets its buffers go") { watched(timed_out()); }
