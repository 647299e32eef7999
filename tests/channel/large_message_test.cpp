// Messages of every size, through queues, mailboxes and pipes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::queue;
using troupe::spawn;
using troupe::task;
using bytes = std::vector<std::byte>;

constexpr std::size_t mib = std::size_t{1} << 20;

// Different at every place, so that a piece that went astray shows.
bytes make(std::size_t size) {
    bytes made(size);
    std::uint32_t state = static_cast<std::uint32_t>(size) | 1;
    for (auto& one : made) {
        state = state * 1664525u + 1013904223u;
        one = static_cast<std::byte>(state >> 24);
    }
    return made;
}

struct blob {
    using reply = bytes;
    bytes content;
};

task<> echo_queue(queue<bytes> in, queue<bytes> out) {
    while (auto one = co_await in.get()) co_await out.put(*one);
}
task<> echo_mailbox(troupe::mailbox<blob> inbox) {
    co_await inbox.serve([](blob b) { return b.content; });
}
task<> echo_pipe(troupe::connection<bytes, bytes> conn) {
    while (auto one = co_await conn.receive()) co_await conn.send(*one);
}
task<> put_large(queue<std::string> into, int times) {
    const std::string large(6 * mib, 'L');
    for (int i = 0; i < times; ++i) co_await into.put(large);
    co_await into.put("last large");
}
task<> put_small(queue<std::string> into, int times) {
    for (int i = 0; i < times; ++i) co_await into.put("s" + std::to_string(i));
    co_await into.put("last small");
}

const std::vector<std::size_t> sizes{
    0,    1,     7,     8,      39,      40,  41,      63,      64,           1000,     4095,         4096,    4097,
    5000, 65535, 65536, 100000, mib - 1, mib, mib + 1, 3 * mib, 16 * mib - 1, 16 * mib, 16 * mib + 1, 64 * mib};

task<> through_queue() {
    queue<bytes> there({.bytes = 128 * mib}), back({.bytes = 128 * mib});
    const auto one = co_await spawn<echo_queue>(there, back);
    for (const std::size_t size : sizes) {
        const bytes sent = make(size);
        co_await there.put(sent);
        const auto got = co_await back.get();
        CAPTURE(size);
        REQUIRE((got && *got == sent));
    }
    there.close();
    co_await one.join();
}

task<> through_mailbox() {
    const auto one = co_await spawn<echo_mailbox>();
    for (const std::size_t size : sizes) {
        const bytes sent = make(size);
        CAPTURE(size);
        const auto one_answer = co_await one.ask(blob{sent});
        REQUIRE(one_answer == sent);
    }
    one.stop();
    co_await one.join();
}

task<> through_pipe() {
    auto [mine, yours] = troupe::pipe<bytes, bytes>();
    const auto one = co_await spawn<echo_pipe>(std::move(yours));
    for (const std::size_t size : sizes) {
        const bytes sent = make(size);
        co_await mine.send(sent);
        const auto got = co_await mine.receive();
        CAPTURE(size);
        REQUIRE((got && *got == sent));
    }
    mine.close();
    co_await one.join();
}

// Large items fill the queue's bytes and their sender waits; small ones of another sender still come through.
task<> small_beside_large() {
    queue<std::string> items({.capacity = 64, .bytes = 8 * mib});
    const auto large = co_await spawn<put_large>(items, 4);
    while (items.size() < 1) co_await troupe::yield();  // the second has to wait
    const auto small = co_await spawn<put_small>(items, 10);
    co_await small.join();  // though nobody has taken anything
    REQUIRE(large.alive());
    int large_ones = 0, small_ones = 0;
    for (bool last = false; !last;) {
        const std::string got = *co_await items.get();
        last = got == "last large";
        if (got.size() == 6 * mib) ++large_ones;
        if (got[0] == 's') ++small_ones;
    }
    REQUIRE(large_ones == 4);
    REQUIRE(small_ones == 10);
    co_await large.join();
}

const std::string one_mib(mib, 'M');

int put_all_that_go(const queue<std::string>& into) {
    int times = 0;
    while (into.try_put(one_mib)) ++times;
    return times;
}
task<> put_when_told(queue<std::string> into, troupe::connection<int, int> teller) {
    while (co_await teller.receive()) co_await teller.send(put_all_that_go(into));
}

// Two send in turn, and neither takes the room that the other's items have.
task<> bytes_of_two() {
    queue<std::string> items({.capacity = 64, .bytes = 8 * mib + 100});  // a text is encoded with its length
    auto [mine, yours] = troupe::pipe<int, int>();
    const auto other = co_await spawn<put_when_told>(items, std::move(yours));
    const auto other_puts = [&mine]() -> task<int> {
        co_await mine.send(0);
        co_return (co_await mine.receive()).value_or(-1);
    };
    for (int i = 0; i < 3; ++i) REQUIRE(items.try_put(one_mib));
    auto puts = co_await other_puts();
    REQUIRE(puts == 5);
    REQUIRE(put_all_that_go(items) == 0);
    for (int round = 0; round < 100; ++round) {  // many times round the ring
        for (int i = 0; i < 2; ++i) {
            const auto items_item = co_await items.get();
            REQUIRE(items_item->size() == mib);
        }
        REQUIRE(put_all_that_go(items) == 2);
        puts = co_await other_puts();
        REQUIRE(puts == 0);
        for (int i = 0; i < 3; ++i) {
            const auto items_item = co_await items.get();
            REQUIRE(items_item->size() == mib);
        }
        puts = co_await other_puts();
        REQUIRE(puts == 3);
        REQUIRE(put_all_that_go(items) == 0);
    }
    mine.close();
    co_await other.join();
}

}  // namespace

TEST_CASE("messages from none to 64 MiB go through a queue") { watched(through_queue()); }

TEST_CASE("messages and replies from none to 64 MiB go through a mailbox") { watched(through_mailbox()); }

TEST_CASE("messages from none to 64 MiB go through a pipe") { watched(through_pipe()); }

TEST_CASE("a sender of large messages that waits does not hold up small ones of others") {
    watched(small_beside_large());
}

TEST_CASE("what lies beside a ring stays within its bytes, whoever sends") { watched(bytes_of_two()); }
