// A ring into which another process has written at random.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>

#include <troupe/troupe.hpp>

#include "channel/station.hpp"

using namespace std::chrono_literals;

namespace {

template <class X>
auto waited(X&& x) {
    return troupe::sync_wait(troupe::with_timeout(20s, std::forward<X>(x)));
}

// Random bytes over the rings of this kind that the program reads, from the granules on, or from the hot words on.
void scribble(troupe::shm::channel_kind kind, bool granules_alone, unsigned seed) {
    namespace shm = troupe::shm;
    std::mt19937_64 random(seed);
    const shm::program_memory& memory = troupe::channel::station::here().memory();
    for (std::uint32_t i = 0; i < memory.header().channels_reached; ++i) {
        const shm::channel_record& record = memory.channel(static_cast<std::uint16_t>(i));
        if (record.kind != static_cast<std::uint32_t>(kind) || !record.readers.contains(0)) continue;
        std::byte* block = memory.blocks().at({record.ring.load()});
        const std::size_t granules = record.granules.load();
        const std::size_t from = granules_alone ? shm::ring_header_bytes + granules * 16 : 128;
        for (std::size_t at = from; at + 8 <= shm::ring::bytes(static_cast<std::uint32_t>(granules)); at += 8) {
            const std::uint64_t word = random();
            std::memcpy(block + at, &word, sizeof word);
        }
    }
}

troupe::task<int> double_it(troupe::connection<int, int> far) {
    while (const auto n = co_await far.receive()) co_await far.send(2 * *n);
    co_return 0;
}

}  // namespace

TEST_CASE("ring: whoever gets from a queue with random bytes in it is told corrupt, and other queues go on") {
    troupe::queue<int> damaged;
    waited(damaged.put(1));
    scribble(troupe::shm::channel_kind::queue, true, 1);
    troupe::queue<int> whole;
    CHECK_THROWS_AS(waited(damaged.get()), troupe::corrupt);
    CHECK_THROWS_WITH(waited(damaged.get()), Catch::Contains("damaged"));
    waited(whole.put(2));
    CHECK(waited(whole.get()) == 2);
}

TEST_CASE("ring: whoever receives from a pipe with random bytes in it is told corrupt, and its peer ends") {
    auto [mine, yours] = troupe::pipe<int, int>();
    auto peer = waited(troupe::spawn<&double_it>(std::move(yours)));
    waited(mine.send(21));
    CHECK(waited(mine.receive()) == 42);
    scribble(troupe::shm::channel_kind::pipe, true, 2);
    CHECK_THROWS_AS(waited(mine.receive()), troupe::corrupt);
    mine.close();
    CHECK(waited(peer.join()).exited());
}

TEST_CASE("ring: random bytes in every word of a ring crash and hang nobody", "[.]") {
    const unsigned seed = GENERATE(3u, 4u, 5u, 6u);
    troupe::queue<int> damaged;
    waited(damaged.put(1));
    scribble(troupe::shm::channel_kind::queue, false, seed);
    try {
        for (int i = 0; i < 10; ++i) {
            damaged.try_put(i);
            damaged.try_get();
        }
    } catch (const troupe::error&) {
        // corrupt, or closed: whatever it then says
    }
    troupe::queue<int> whole;
    waited(whole.put(2));
    CHECK(waited(whole.get()) == 2);
}
