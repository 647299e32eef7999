// A ring into which another process has written at random.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"

using namespace std::chrono_literals;

namespace {

template <class X>
auto waited(X&& x) {
    return troupe::sync_wait(troupe::with_timeout(20s, std::forward<X>(x)));
}

enum class extent { granules_alone, from_the_tail, everything };

// Random bytes over the rings of this kind that the program reads or writes, or that it gave to an actor.
void scribble(troupe::shm::channel_kind kind, extent how_much, unsigned seed) {
    namespace shm = troupe::shm;
    std::mt19937_64 random(seed);
    const shm::program_memory& memory = troupe::channel::participant::here().memory();
    for (std::uint32_t i = 0; i < memory.channels().reached(); ++i) {
        const shm::channel_record& record = memory.channel(static_cast<std::uint16_t>(i));
        const bool ours = kind == shm::channel_kind::mailbox || record.holders.has(0);
        if (record.life.state() == shm::channel_state::free || record.kind.get() != kind || !ours) continue;
        std::byte* block = memory.blocks().at({record.ring.get()});
        const std::size_t granules = record.granules.get();
        const std::size_t from = how_much == extent::everything      ? 0
                                 : how_much == extent::from_the_tail ? 128
                                                                     : shm::ring_header_bytes + granules * 16;
        for (std::size_t at = from; at + 8 <= shm::ring::bytes(static_cast<std::uint32_t>(granules)); at += 8) {
            const std::uint64_t word = random();
            std::memcpy(block + at, &word, sizeof word);
        }
    }
}

// Over the records alone that wait in the queues of pools: none of them can be opened.
void overwrite_batches() {
    namespace shm = troupe::shm;
    const shm::program_memory& memory = troupe::channel::participant::here().memory();
    for (std::uint32_t i = 0; i < memory.channels().reached(); ++i) {
        const shm::channel_record& record = memory.channel(static_cast<std::uint16_t>(i));
        if (record.life.state() == shm::channel_state::free || record.counts.get() == 0) continue;
        const auto ring = memory.channels().find_ring(record);
        if (!ring) continue;
        ring->walk([](const shm::record& found) { std::memset(found.payload, 0xff, found.bytes); });
    }
}

// Visits the rings of this kind that the program holds, and that something is in.
template <class Visit>
void for_each_ring(troupe::shm::channel_kind kind, Visit visit) {
    namespace shm = troupe::shm;
    const shm::program_memory& memory = troupe::channel::participant::here().memory();
    for (std::uint32_t i = 0; i < memory.channels().reached(); ++i) {
        const shm::channel_record& record = memory.channel(static_cast<std::uint16_t>(i));
        const bool ours = record.is_open() && record.kind.get() == kind && record.holders.has(0);
        if (!ours) continue;
        if (const auto ring = memory.channels().find_ring(record); ring && !ring->empty()) visit(*ring);
    }
}

// Blocks of 16 KiB that are not free.
int blocks_used() {
    namespace shm = troupe::shm;
    int count = 0;
    const shm::program_memory& memory = troupe::channel::participant::here().memory();
    memory.blocks().for_each_used(
        [&](shm::block_id one, shm::block_state, shm::owner_id) { count += one.size_class() == 2 ? 1 : 0; });
    return count;
}

// Ends in bounded time, and whatever it says is an ordinary answer or one of troupe's errors.
template <class Use>
void survives(Use use) {
    try {
        for (int i = 0; i < 10; ++i) use(i);
    } catch (const troupe::error&) {
        // corrupt, closed, or timed out
    }
}

template <class X>
auto shortly(X&& x) {
    return waited(troupe::with_timeout(1ms, std::forward<X>(x)));
}

troupe::task<int> double_it(troupe::connection<int, int> far) {
    while (const auto n = co_await far.receive()) co_await far.send(2 * *n);
    co_return 0;
}

struct doubled {
    using reply = int;
    int number;
};

troupe::task<> serve(troupe::mailbox<doubled> inbox) {
    co_await inbox.serve([](doubled m) { return 2 * m.number; });
}

int twice(int n) { return 2 * n; }

troupe::task<> take_all(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
}

}  // namespace

TEST_CASE("ring: whoever gets from a queue with random bytes in it is told corrupt, and other queues go on") {
    troupe::queue<int> damaged;
    waited(damaged.put(1));
    scribble(troupe::shm::channel_kind::queue, extent::granules_alone, 1);
    troupe::queue<int> whole;
    CHECK_THROWS_AS(waited(damaged.get()), troupe::corrupt);
    CHECK_THROWS_WITH(waited(damaged.get()), checks::contains("damaged"));
    waited(whole.put(2));
    CHECK(waited(whole.get()) == 2);
}

TEST_CASE("ring: a batch of a pool's tasks whose record cannot be opened is done all the same") {
    waited([]() -> troupe::task<> {
        troupe::pool crew({.workers = 1});
        auto doubled = crew.try_run<&twice>(21);
        overwrite_batches();  // before there is a worker that could have taken it
        const int found = co_await std::move(*doubled);
        CHECK(found == 42);
        co_await crew.close();
    }());
}

TEST_CASE("ring: a pool whose queue has random bytes in it fails, and the next one works") {
    waited([]() -> troupe::task<> {
        troupe::pool damaged({.workers = 1});
        auto doubled = damaged.try_run<&twice>(21);
        scribble(troupe::shm::channel_kind::queue, extent::granules_alone, 3);
        const auto what = co_await troupe::outcome_of(std::move(*doubled));
        CHECK_THAT(what.why(), checks::contains("damaged"));
        co_await damaged.close();
        troupe::pool whole({.workers = 1});
        const int found = co_await whole.run<&twice>(21);
        CHECK(found == 42);
        co_await whole.close();
    }());
}

TEST_CASE("ring: whoever receives from a pipe with random bytes in it is told corrupt, and its peer ends") {
    auto [mine, yours] = troupe::pipe<int, int>();
    auto peer = waited(troupe::spawn<&double_it>(std::move(yours)));
    waited(mine.send(21));
    CHECK(waited(mine.receive()) == 42);
    scribble(troupe::shm::channel_kind::pipe, extent::granules_alone, 2);
    CHECK_THROWS_AS(waited(mine.receive()), troupe::corrupt);
    mine.close();
    CHECK(waited(peer.join()).exited());
}

TEST_CASE("ring: random bytes in every word of a queue's ring crash and hang nobody, and the next queue has another") {
    const auto seed = static_cast<unsigned>(GENERATE(range(0, 40)));
    {
        troupe::queue<int> damaged;
        waited(damaged.put(1));
        scribble(troupe::shm::channel_kind::queue, seed % 4 == 0 ? extent::everything : extent::from_the_tail, seed);
        survives([&](int i) {
            damaged.try_put(i);
            damaged.try_get();
        });
        survives([&](int) { shortly(damaged.get()); });
        survives([&](int i) { shortly(damaged.put(i)); });
        survives([&](int) { damaged.close(); });
    }
    troupe::queue<int> whole;
    waited(whole.put(2));
    CHECK(waited(whole.get()) == 2);
}

TEST_CASE("ring: random bytes in every word of a pipe's rings crash and hang nobody, and both ends come to an end") {
    const auto seed = static_cast<unsigned>(GENERATE(range(100, 140)));
    auto [mine, yours] = troupe::pipe<int, int>();
    auto peer = waited(troupe::spawn<&double_it>(std::move(yours)));
    scribble(troupe::shm::channel_kind::pipe, seed % 4 == 0 ? extent::everything : extent::from_the_tail, seed);
    survives([&](int i) { shortly(mine.send(i)); });
    survives([&](int) { shortly(mine.receive()); });
    mine.close();
    CHECK(waited(peer.join()).exited());
    auto [whole, far] = troupe::pipe<int, int>();
    auto next = waited(troupe::spawn<&double_it>(std::move(far)));
    waited(whole.send(21));
    CHECK(waited(whole.receive()) == 42);
    whole.close();
    CHECK(waited(next.join()).success());
}

TEST_CASE("ring: random bytes in every word of a mailbox crash and hang nobody, and its actor can be ended") {
    const auto seed = static_cast<unsigned>(GENERATE(range(200, 240)));
    auto damaged = waited(troupe::spawn<&serve>());
    CHECK(waited(damaged.ask(doubled{1})) == 2);
    scribble(troupe::shm::channel_kind::mailbox, seed % 4 == 0 ? extent::everything : extent::from_the_tail, seed);
    survives([&](int i) { damaged.try_send(doubled{i}); });
    survives([&](int i) { shortly(damaged.ask(doubled{i})); });
    damaged.stop();
    const auto end = waited(damaged.join());
    CHECK(end.exited());
    auto whole = waited(troupe::spawn<&serve>());
    CHECK(waited(whole.ask(doubled{2})) == 4);
    whole.stop();
    CHECK(waited(whole.join()).success());
}

// The record of a channel that was given up is used again, while a sender may still be on its way there.
TEST_CASE("ring: a send that meets a channel's record while it is being made is refused") {
    const auto one = waited(troupe::spawn<take_all>());
    auto& memory = troupe::channel::participant::here().memory();
    auto& record = memory.channel(memory.process(one.id().slot()).who.mailbox.index().value());
    const std::uint64_t capacity = record.capacity.get();
    record.capacity.set(0);
    CHECK(one.try_send(1) == troupe::send_result::gone);
    record.capacity.set(capacity);
    CHECK(one.try_send(2) == troupe::send_result::sent);
    one.stop();
    CHECK(waited(one.join()).success());
}

TEST_CASE("ring: of many that are received at once, those before a damaged one are not lost") {
    auto [mine, yours] = troupe::pipe<int, int>();
    for (const int n : {1, 2, 3}) waited(mine.send(n));
    for_each_ring(troupe::shm::channel_kind::pipe, [](const troupe::shm::ring& ring) {
        std::uint64_t last = 0;
        ring.walk([&](const troupe::shm::record& found) { last = found.position; });
        ring.record_at(last).store(~std::uint64_t{0});
    });
    CHECK(waited(yours.receive_many(10)) == std::vector<int>{1, 2});
    CHECK_THROWS_AS(waited(yours.receive_many(10)), troupe::corrupt);
}

TEST_CASE("ring: what lies in a queue for an earlier one is dropped, with what is beside the ring") {
    troupe::queue<std::string> items;
    const int before = blocks_used();
    waited(items.put(std::string(10'000, 'x')));
    CHECK(blocks_used() == before + 1);
    for_each_ring(troupe::shm::channel_kind::queue, [](const troupe::shm::ring& ring) {
        ring.walk([](const troupe::shm::record& found) {
            troupe::detail::message_frame frame;
            std::memcpy(&frame, found.payload, sizeof frame);
            ++frame.target;
            std::memcpy(found.payload, &frame, sizeof frame);
        });
    });
    CHECK_FALSE(items.try_get());
    CHECK(blocks_used() == before);
    CHECK(items.size() == 0);
}

TEST_CASE("ring: an end of a pipe that cannot be received because its ring is damaged is nobody's") {
    auto [mine, yours] = troupe::pipe<int, int>();
    waited(mine.send(1));
    troupe::queue<troupe::connection<int, int>> ends;
    waited(ends.put(yours));
    for_each_ring(troupe::shm::channel_kind::pipe, [](const troupe::shm::ring& ring) {
        const std::uint64_t beyond = ring.head_position() + 5;
        ring.header().journal.reclaim.store(troupe::shm::reclaim_word::make(beyond).bits);
    });
    CHECK_THROWS_AS(waited(ends.get()), troupe::corrupt);
    bool closed = false;
    for (int i = 0; i < 2000 && !closed; ++i) {
        try {
            mine.try_send(i);
            waited(troupe::sleep_for(1ms));
        } catch (const troupe::closed&) {
            closed = true;
        }
    }
    CHECK(closed);
}
