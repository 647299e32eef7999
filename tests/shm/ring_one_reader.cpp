// One reader, nobody dies.
#include "ring_fixture.hpp"

using namespace ring_test;
using numbers = std::vector<std::uint32_t>;

TEST_CASE("ring: what is committed is read, in order") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    for (std::uint32_t i = 1; i <= 5; ++i) REQUIRE(send(writer, i, 30 * i) == room::claimed);
    REQUIRE(it.ring.size() == 5);
    REQUIRE(read_all(reader) == numbers{1, 2, 3, 4, 5});
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: a 56-byte payload fits one granule, and one byte more takes two") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    send(writer, 1, 56);
    REQUIRE(it.ring.tail_position() == 1);
    send(writer, 2, 57);
    REQUIRE(it.ring.tail_position() == 3);
}

TEST_CASE("ring: records of every size go round many laps, across pads, unharmed") {
    one_ring it(reader_mode::one, position_mask - 3 * 1024);  // positions go round at 2^44 on the way
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    record r;
    std::uint32_t sent = 0, got = 0;
    while (got < 3000) {
        while (send(writer, sent, 4 + sent * 97 % (it.ring.most_payload() - 3)) == room::claimed) ++sent;
        while (reader.look(r) == sight::message) {
            REQUIRE(number_of(r) == got++);
            reader.consume(r);
            reader.flush_when_due();
        }
        reader.flush();
    }
    REQUIRE(it.ring.tail_position() < 1u << 30);
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: a glance at a pad is soon followed by a look that finds what stands behind it") {
    for (std::uint64_t start = 1024 - 65; start < 1024; ++start) {
        one_ring it(reader_mode::one, 7 * 1024 + start);
        ring_writer writer(it.ring, ann);
        ring_reader reader(it.ring, it.dead.who());
        record r;
        REQUIRE(reader.look(r, looking::at_headers) == sight::empty);
        REQUIRE_FALSE(reader.glance());
        REQUIRE(send(writer, 1, 4096) == room::claimed);  // more than is left of the circle
        bool found = false;
        for (int glances = 0; !found && glances < 8; ++glances) {
            found = reader.glance() && reader.look(r, looking::at_headers) == sight::message;
        }
        INFO(start);
        REQUIRE(found);
    }
}

TEST_CASE("ring: a reader follows closely when a long row ends and hardly anything is ahead") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    record r;
    const auto read = [&](int count) {
        int close = 0;
        for (int i = 0; i < count; ++i) {
            REQUIRE(reader.look(r) == sight::message);
            close += reader.follows_closely();
            reader.consume(r);
        }
        return close;
    };
    for (std::uint32_t i = 0; i < 100; ++i) send(writer, i);
    REQUIRE(read(100) == 0);  // too few in a row
    REQUIRE(reader.look(r) == sight::empty);
    for (std::uint32_t i = 0; i < 300; ++i) send(writer, i);
    REQUIRE(read(300) == 2);
    REQUIRE(reader.look(r) == sight::empty);
    reader.flush();
    for (std::uint32_t i = 0; i < 400; ++i) send(writer, i);
    REQUIRE(read(200) == 0);  // more than 256 are ahead
}

TEST_CASE("ring: a look at headers finds the end, and what stands behind a dead writer's claim, after a while") {
    one_ring it;
    ring_writer writer(it.ring, ann), other(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    claim torn;
    REQUIRE(other.try_claim(100, unlimited, torn) == room::claimed);
    REQUIRE(send(writer, 1) == room::claimed);
    it.dead.bury(bob);
    record r;
    const auto looks_until = [&](sight wanted) {
        for (int looks = 1; looks <= 1000; ++looks) {
            if (reader.look(r, looking::at_headers) == wanted) return looks;
        }
        return 0;
    };
    REQUIRE(looks_until(sight::message) > 0);
    reader.consume(r);
    it.ring.close();
    REQUIRE(looks_until(sight::ended) > 0);
    static_cast<void>(torn.abandon());
}

TEST_CASE("ring: a full ring refuses, and has room again after a flush") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    std::uint32_t sent = 0;
    while (send(writer, sent) == room::claimed) ++sent;
    REQUIRE(sent == 1024);
    record r;
    REQUIRE(reader.look(r) == sight::message);
    reader.consume(r);
    REQUIRE(send(writer, sent) == room::full);
    reader.flush();
    REQUIRE(send(writer, sent) == room::claimed);
    REQUIRE(send(writer, sent) == room::full);
}

TEST_CASE("ring: a capacity in messages is exact") {
    one_ring it;
    ring_writer writer(it.ring, ann), other(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    REQUIRE(send(writer, 1, 40, 2) == room::claimed);
    REQUIRE(send(other, 2, 400, 2) == room::claimed);
    REQUIRE(send(writer, 3, 40, 2) == room::full);
    REQUIRE(send(other, 3, 40, 3) == room::claimed);
    REQUIRE(read_all(reader) == numbers{1, 2, 3});
    REQUIRE(send(writer, 4, 40, 1) == room::claimed);
    REQUIRE(send(writer, 5, 40, 1) == room::full);
}

TEST_CASE("ring: a claim that is dropped is void: nobody reads it, and it stops nobody") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    {
        claim dropped;
        REQUIRE(writer.try_claim(300, unlimited, dropped) == room::claimed);
    }
    REQUIRE_FALSE(writer.owes_bell());
    send(writer, 7);
    REQUIRE(read_all(reader) == numbers{7});
    REQUIRE(reader.torn() == 0);
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: a claim dropped while the reader is parked owes it a bell") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    REQUIRE(reader.park() == sight::empty);
    {
        claim dropped;
        REQUIRE(writer.try_claim(8, 1, dropped) == room::claimed);
    }
    REQUIRE(writer.owes_bell());
    REQUIRE_FALSE(writer.owes_bell());
    REQUIRE(send(writer, 1, 8, 1) == room::full);  // the void record counts until the reader has passed it
    reader.unpark();
    REQUIRE(read_all(reader).empty());
    REQUIRE(send(writer, 1, 8, 1) == room::claimed);
}

TEST_CASE("ring: a record being copied is in flight, and so is all behind it") {
    one_ring it;
    ring_writer writer(it.ring, ann), other(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    claim slow;
    REQUIRE(writer.try_claim(4, unlimited, slow) == room::claimed);
    send(other, 2);
    record r;
    REQUIRE(reader.look(r) == sight::in_flight);
    REQUIRE(reader.park() == sight::in_flight);
    REQUIRE_FALSE(reader.glance());
    fill(slow.payload(), 4, 1);
    REQUIRE_FALSE(slow.commit(0));
    REQUIRE(reader.glance());
    REQUIRE(read_all(reader) == numbers{1, 2});
}

TEST_CASE("ring: only a parked reader is rung, by everyone until it wakes") {
    one_ring it;
    ring_writer writer(it.ring, ann), other(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    const auto rings = [](ring_writer& w) {
        claim c;
        REQUIRE(w.try_claim(4, unlimited, c) == room::claimed);
        fill(c.payload(), 4, 1);
        return c.commit(0);
    };
    REQUIRE_FALSE(rings(writer));
    REQUIRE(reader.park() == sight::message);
    read_all(reader);
    REQUIRE(reader.park() == sight::empty);
    REQUIRE(rings(writer));
    REQUIRE(rings(other));
    reader.unpark();
    REQUIRE_FALSE(rings(writer));
    REQUIRE(read_all(reader).size() == 3);
}

TEST_CASE("ring: a closed ring takes nothing more and is read to its end") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    send(writer, 1);
    REQUIRE_FALSE(it.ring.close());
    REQUIRE(send(writer, 2) == room::closed);
    record r;
    REQUIRE(reader.look(r) == sight::message);
    reader.consume(r);
    REQUIRE(reader.look(r) == sight::ended);
    REQUIRE(reader.park() == sight::ended);
    it.ring.reopen(reader_mode::one);
    REQUIRE(send(writer, 3) == room::claimed);
    REQUIRE(read_all(reader) == numbers{3});
}

TEST_CASE("ring: closing says whether the reader is parked") {
    one_ring it;
    ring_reader reader(it.ring, it.dead.who());
    REQUIRE(reader.park() == sight::empty);
    REQUIRE(it.ring.close());
}

#ifdef TROUPE_STEPS
TEST_CASE("ring: a claim that meets the end on its way becomes void") {
    static one_ring* here = nullptr;
    one_ring it;
    here = &it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    troupe::base::step_hook = [](const char* step) {
        if (std::string(step) == "ring: claimed") {
            troupe::base::step_hook = nullptr;
            here->ring.close();
        }
    };
    REQUIRE(send(writer, 1) == room::closed);
    record r;
    REQUIRE(reader.look(r) == sight::ended);
    reader.flush();
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: a reader that parks just before a claim is rung for it") {
    static ring_reader* sleeper = nullptr;
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    sleeper = &reader;
    troupe::base::step_hook = [](const char* step) {
        if (std::string(step) != "ring: before claim") return;
        troupe::base::step_hook = nullptr;
        REQUIRE(sleeper->park() == sight::empty);
    };
    claim place;
    REQUIRE(writer.try_claim(8, unlimited, place) == room::claimed);
    REQUIRE(place.commit(0));
}

TEST_CASE("ring: a writer that is overtaken at every step still claims soundly") {
    static ring_writer* other = nullptr;
    static std::uint32_t extra = 0;
    one_ring it;
    ring_writer writer(it.ring, ann), second(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    other = &second;
    extra = 0;
    const auto hook = [](const char* step) {
        if (extra % 2 == 1 || std::string(step) != "ring: before claim") return;
        extra += 1;  // odd while the other one is at it
        REQUIRE(send(*other, 1000 + extra, 40 * (1 + extra % 3)) == room::claimed);
        extra += extra < 40 ? 1 : 0;
    };
    troupe::base::step_hook = hook;
    REQUIRE(send(writer, 1) == room::claimed);
    troupe::base::step_hook = nullptr;
    const auto seen = read_all(reader);
    REQUIRE(seen.size() == 22);
    REQUIRE(seen.back() == 1);
    REQUIRE(clean(it.ring));
}
#endif

TEST_CASE("ring: a selective reader takes from the middle, and the head follows the consumed prefix") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    for (std::uint32_t i = 1; i <= 4; ++i) send(writer, i, i * 60);
    record first, second, third, r;
    REQUIRE(reader.look(first) == sight::message);
    REQUIRE(reader.look_after(first, second) == sight::message);
    REQUIRE(reader.look_after(second, third) == sight::message);
    REQUIRE(number_of(third) == 3);
    reader.consume(third);
    reader.consume(second);
    reader.consume(second);  // twice is once
    REQUIRE_FALSE(reader.flush());
    REQUIRE(it.ring.head_position() == 0);
    REQUIRE(reader.look_after(first, r) == sight::message);
    REQUIRE(number_of(r) == 4);
    REQUIRE(reader.look_after(r, r) == sight::empty);
    REQUIRE(reader.park() == sight::empty);  // with two records left that were passed over
    reader.unpark();
    REQUIRE(read_all(reader) == numbers{1, 4});
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: a selective reader can pass over a whole full ring and park") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    std::uint32_t sent = 0;
    while (send(writer, sent) == room::claimed) ++sent;
    record r;
    REQUIRE(reader.look(r) == sight::message);
    while (reader.look_after(r, r) == sight::message) {
    }
    REQUIRE(number_of(r) == 1023);
    REQUIRE(reader.park() == sight::empty);
    reader.unpark();
    REQUIRE(read_all(reader).size() == 1024);
}

TEST_CASE("ring: walking counts what is committed and not consumed") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    for (std::uint32_t i = 1; i <= 3; ++i) send(writer, i, 100 * i);
    record first, second;
    reader.look(first);
    reader.look_after(first, second);
    reader.consume(second);
    std::uint32_t bytes = 0;
    it.ring.walk([&](const record& found) {
        REQUIRE((found.kind == 1 || found.kind == 3));
        bytes += found.bytes;
    });
    REQUIRE(bytes == 400);
    REQUIRE(it.ring.writer_of(first) == ann);
}

TEST_CASE("ring: attach finds the same ring, and refuses anything else") {
    one_ring it(reader_mode::many);
    const auto again = ring::attach(it.memory.get(), it.memory.bytes());
    REQUIRE(again);
    REQUIRE((again->granules() == 1024 && again->mode() == reader_mode::many));
    REQUIRE_FALSE(ring::attach(it.memory.get(), it.memory.bytes() - 1));
    it.ring.header().identity.granules = 1 << 11;
    REQUIRE_FALSE(ring::attach(it.memory.get(), it.memory.bytes()));
    it.ring.header().identity.granules = 1024;
    it.ring.header().identity.version ^= 1;
    REQUIRE_FALSE(ring::attach(it.memory.get(), it.memory.bytes()));
}

TEST_CASE("ring: old laps are renewed before they could be mistaken") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who(), 4 * 1024);  // every four laps
    record r;
    for (std::uint32_t i = 0; it.ring.head_position() < 20 * 1024; ++i) {
        REQUIRE(send(writer, i, 500) == room::claimed);  // claims stand at every eighth granule only
        REQUIRE(reader.look(r) == sight::message);
        reader.consume(r);
        reader.flush_when_due();
    }
    for (std::uint32_t i = 0; i < 1024; ++i)
        REQUIRE(it.ring.laps_ahead(claim_word{it.ring.claim_at(i).load()}.lap(), it.ring.head_position()) >= -6);
    REQUIRE(it.ring.header().journal.scrubbed.load() != 0);
}
