// Whatever stands in a ring's memory, nobody crashes, leaves the block or works without end.
#include "ring_fixture.hpp"

#include <random>

using namespace ring_test;

namespace {

enum class spoil { everything, words, one_word };

// Random bytes, or words that look right but for something, in a ring that has been used.
void spoil_ring(const one_ring& it, std::mt19937_64& dice, spoil how) {
    const auto pick = [&](std::uint64_t below) { return dice() % below; };
    const ring& r = it.ring;
    if (how == spoil::everything) {
        for (std::uint32_t i = 0; i < r.granules(); ++i) {
            r.claim_at(i).store(dice());
            r.mark_at(i).store(dice());
            r.record_at(i).store(dice());
        }
        for (auto* word : {&r.tail(), &r.head(), &r.header().journal.reclaim, &r.header().journal.scrubbed,
                           &r.header().sweeper.word, &r.header().returns.word})
            word->store(dice());
        return;
    }
    const int changes = how == spoil::one_word ? 1 : 400;
    for (int change = 0; change < changes; ++change) {
        const std::uint64_t at = r.head_position() + pick(how == spoil::one_word ? 40 : r.granules());
        const auto lap = r.lap_of(at) + pick(3) - 1;
        const owner_id who{static_cast<std::uint16_t>(pick(64))};
        const auto size = static_cast<std::uint32_t>(pick(4) == 0 ? pick(1024) : pick(5));
        switch (pick(5)) {
        case 0: r.claim_at(at).store(claim_word::make(lap, size, static_cast<claim_state>(pick(4)), who).bits); break;
        case 1: r.mark_at(at).store(mark_word::make(lap, static_cast<mark_state>(pick(4)), who).bits); break;
        case 2:
            r.record_at(at).store(record_header::make(at, static_cast<std::uint32_t>(dice() >> pick(64)), 0,
                                                      static_cast<std::uint8_t>(pick(5)))
                                      .bits);
            break;
        case 3: r.tail().store(head_word::make(at + pick(2000), 0).bits | pick(4)); break;
        case 4: r.head().store(head_word::make(at - pick(2000), 0).bits | pick(2)); break;
        }
    }
}

void read_a_little(std::byte* payload, std::uint32_t bytes) {
    static volatile unsigned char sink;
    for (std::uint32_t i = 0; i < bytes; ++i) sink = static_cast<unsigned char>(payload[i]);
    static_cast<void>(sink);
}

void try_everything(one_ring& it) {
    ring_writer writer(it.ring, ann);
    writer.ask_for_room(1);
    for (int i = 0; i < 4; ++i) send(writer, 7, i % 2 == 0 ? 40 : 5000);
    it.ring.walk([](const record& found) { read_a_little(found.payload, found.bytes); });
    static_cast<void>(it.ring.size());
    record r;
    if (it.ring.mode() == reader_mode::one) {
        ring_reader fresh(it.ring, it.dead.who()), heir(it.ring, it.dead.who());
        static_cast<void>(heir.recover());
        for (ring_reader* reader : {&fresh, &heir}) {
            int read = 0;
            for (; reader->look(r) == sight::message; ++read) {
                read_a_little(r.payload, r.bytes);
                record later = r;
                while (reader->look_after(later, later) == sight::message) read_a_little(later.payload, later.bytes);
                reader->consume(r);
                reader->flush_when_due();
            }
            REQUIRE(read <= 2048);
            reader->flush();
            static_cast<void>(reader->park());
        }
    } else {
        ring_shared_reader reader(it.ring, bob, it.dead.who());
        int read = 0;
        for (; reader.take(r) == sight::message; ++read) {
            read_a_little(r.payload, r.bytes);
            reader.finish(r);
        }
        REQUIRE(read <= 2048);
        reader.notice_deaths();
        static_cast<void>(reader.park(3));
        reader.unpark(3);
    }
}

}  // namespace

TEST_CASE("ring: stray bytes from another process are never followed") {
    std::mt19937_64 dice(20261122);
    int corrupt = 0;
    for (int round = 0; round < 3000; ++round) {
        one_ring it(round % 2 == 0 ? reader_mode::one : reader_mode::many, 1024 * (dice() % 3) + dice() % 1024);
        for (std::uint16_t id = 0; id < 64; id += 3) it.dead.bury(owner_id{id});
        ring_writer writer(it.ring, ann);
        for (std::uint32_t i = 0; i < 20; ++i) send(writer, i, i * 40);
        spoil_ring(it, dice, static_cast<spoil>(round % 3));
        try_everything(it);
        if (it.ring.mode() == reader_mode::one) {
            ring_reader reader(it.ring, it.dead.who());
            record r;
            corrupt += reader.look(r) == sight::corrupt;
        }
    }
    REQUIRE(corrupt > 100);
}

TEST_CASE("ring: a header that no writer wrote is called corrupt, and the ring stays so") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    record r;
    const std::uint64_t good = record_header::make(0, 40, 1, record_header::committed_flag).bits;
    for (const std::uint64_t bad : {good ^ std::uint64_t{1} << 32,  // canary
                                    good ^ std::uint64_t{1} << 58,  // flags
                                    good | 0xffffff,                // length
                                    std::uint64_t{1}}) {
        it.ring.record_at(0).store(bad);
        ring_reader another(it.ring, it.dead.who());
        REQUIRE(another.look(r) == sight::corrupt);
        it.ring.record_at(0).store(good);
        REQUIRE(another.look(r) == sight::corrupt);
        REQUIRE(another.park() == sight::corrupt);
    }
    REQUIRE(reader.look(r) == sight::message);
}
