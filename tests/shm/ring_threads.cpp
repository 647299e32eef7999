// Threads in the place of processes, for ThreadSanitizer: every record comes once, whole, and in its writer's order,
// and nobody sleeps for ever.
#include "ring_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

using namespace ring_test;

namespace {

constexpr std::uint32_t each = 6000;

class doorbell {
public:
    void ring() {
        const std::lock_guard hold(mutex_);
        rung_ = true;
        changed_.notify_one();
    }
    void wait() {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [&] { return rung_; });
        rung_ = false;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool rung_ = false;
};

struct stage {
    explicit stage(reader_mode mode) : ring(mode, position_mask - 100'000), bells(16) {}
    void ring_writers() {
        ring.ring.waiting_writers().for_each([&](std::uint32_t slot) { bells[slot].ring(); });
    }
    void ring_reader_after(std::uint32_t slot) {
        if (const auto next = ring.ring.waiting_readers().next_after(slot)) bells[*next].ring();
    }
    void ring_readers() {
        ring.ring.waiting_readers().for_each([&](std::uint32_t slot) { bells[slot].ring(); });
    }
    one_ring ring;
    std::vector<doorbell> bells;
};

// The number says who sent it, and as which of its messages.
template <class RingReader>
void write_all(stage& here, std::uint32_t slot, RingReader ring_reader) {
    ring_writer writer(here.ring.ring, owner_id::make(slot, 0));
    std::minstd_rand dice(slot);
    for (std::uint32_t i = 0; i < each; ++i) {
        const std::uint32_t bytes = slot == 1 && i % 16 == 0 ? 9000 : 4 + dice() % 300;
        claim place;
        room got = writer.try_claim(bytes, i % 3 == 0 ? 30 : unlimited, place);
        if (got == room::full) {
            writer.ask_for_room(slot);
            while ((got = writer.try_claim(bytes, i % 3 == 0 ? 30 : unlimited, place)) == room::full)
                here.bells[slot].wait();
            writer.stop_asking(slot);
        }
        if (got != room::claimed) std::abort();
        const std::uint32_t number = slot << 24 | i;
        for (std::uint32_t at = 0; at + 4 <= bytes; at += 4) std::memcpy(place.payload() + at, &number, 4);
        if (i % 97 == 5) {
            if (place.abandon()) ring_reader();
            continue;
        }
        if (place.commit(0)) ring_reader();
    }
}
constexpr std::uint32_t sent_by_each = each - (each - 5 + 96) / 97;

std::uint32_t checked(const record& r) {
    std::uint32_t number = 0;
    std::memcpy(&number, r.payload, 4);
    for (std::uint32_t at = 0; at + 4 <= r.bytes; at += 4)
        if (std::memcmp(r.payload + at, &number, 4) != 0) std::abort();
    return number;
}

}  // namespace

TEST_CASE("ring: three writers and a reader that parks, on threads") {
    stage here(reader_mode::one);
    std::vector<std::thread> writers;
    for (std::uint32_t slot = 1; slot <= 3; ++slot)
        writers.emplace_back([&, slot] { write_all(here, slot, [&] { here.bells[0].ring(); }); });

    ring_reader reader(here.ring.ring, here.ring.dead.who(), 50'000);
    std::vector<std::int64_t> last(4, -1);
    std::uint32_t seen = 0, parked = 0;
    while (seen < 3 * sent_by_each) {
        record r;
        const sight found = reader.look(r);
        if (found == sight::message) {
            const std::uint32_t number = checked(r);
            REQUIRE(last[number >> 24] < (number & 0xffffff));
            last[number >> 24] = number & 0xffffff;
            ++seen;
            reader.consume(r);
            if (reader.flush_when_due()) here.ring_writers();
        } else if (found == sight::in_flight) {
            if (reader.flush()) here.ring_writers();
            std::this_thread::yield();
        } else {
            const sight parking = reader.park();
            if (reader.writers_wait()) here.ring_writers();
            if (parking != sight::empty) continue;
            here.bells[0].wait();
            reader.unpark();
            ++parked;
        }
    }
    for (auto& writer : writers) writer.join();
    REQUIRE(parked > 0);
    while (reader.look(*std::make_unique<record>()) != sight::empty) {
    }
    reader.flush();
    REQUIRE(clean(here.ring.ring));
}

// With no bell and no parking nothing but the ring itself orders one side's accesses before the other's.
TEST_CASE("ring: two writers and a reader that never sleep, on threads") {
    one_ring here;
    std::vector<std::thread> writers;
    for (std::uint32_t slot = 1; slot <= 2; ++slot)
        writers.emplace_back([&, slot] {
            ring_writer writer(here.ring, owner_id::make(slot, 0));
            for (std::uint32_t i = 0; i < 5 * each; ++i)
                while (send(writer, slot << 24 | i, 8 + 200 * (i % 5)) != room::claimed) std::this_thread::yield();
        });
    ring_reader reader(here.ring, here.dead.who());
    std::vector<std::int64_t> last(3, -1);
    for (std::uint32_t seen = 0; seen < 2 * 5 * each;) {
        record r;
        if (reader.look(r) != sight::message) {
            reader.flush();
            std::this_thread::yield();
            continue;
        }
        const std::uint32_t number = checked(r);
        if (++last[number >> 24] != (number & 0xffffff)) std::abort();
        ++seen;
        reader.consume(r);
        reader.flush_when_due();
    }
    for (auto& writer : writers) writer.join();
    reader.flush();
    REQUIRE(clean(here.ring));
}

TEST_CASE("ring: two writers and three readers that park and give back, on threads") {
    stage here(reader_mode::many);
    std::vector<std::thread> threads;
    for (std::uint32_t slot = 1; slot <= 2; ++slot)
        threads.emplace_back([&, slot] {
            std::uint32_t turn = slot;
            write_all(here, slot, [&] {
                here.ring_reader_after(turn);
                turn = 4 + (turn + 1) % 3;
            });
        });

    std::vector<std::atomic<int>> finished(3 * (1u << 14));
    std::atomic<std::uint32_t> total{0};
    std::vector<std::thread> readers;
    for (std::uint32_t slot = 4; slot <= 6; ++slot)
        readers.emplace_back([&, slot] {
            ring_shared_reader reader(here.ring.ring, owner_id::make(slot, 0), here.ring.dead.who(), 50'000);
            std::minstd_rand dice(slot);
            const auto pay = [&] {
                if (reader.writers_wait()) here.ring_writers();
                if (reader.readers_wait()) here.ring.ring.closed() ? here.ring_readers() : here.ring_reader_after(slot);
            };
            for (record r;;) {
                const sight found = reader.take(r);
                if (found == sight::message) {
                    const std::uint32_t number = checked(r);
                    if (dice() % 8 == 0) {
                        reader.give_back(r);
                    } else {
                        ++finished[(number >> 24) * (1u << 14) + (number & 0xffffff)];
                        ++total;
                        static_cast<void>(reader.finish(r) && (here.ring_writers(), true));
                    }
                } else if (found == sight::in_flight) {
                    std::this_thread::yield();
                } else if (found == sight::empty) {
                    const sight parking = reader.park(slot);
                    pay();
                    if (parking == sight::empty) {
                        here.bells[slot].wait();
                        reader.unpark(slot);
                    }
                } else {
                    if (found == sight::corrupt) std::abort();
                    pay();
                    return;
                }
                pay();
            }
        });
    for (auto& thread : threads) thread.join();
    here.ring.ring.close();
    here.ring_readers();
    for (auto& reader : readers) reader.join();
    REQUIRE(total == 2 * sent_by_each);
    for (const auto& count : finished) REQUIRE(count <= 1);
}
