// Waiting for room, and giving way.
#include "ring_fixture.hpp"

using namespace ring_test;

namespace {

std::uint32_t fill_up(ring_writer& writer, std::uint32_t bytes = 40) {
    std::uint32_t sent = 0;
    while (send(writer, sent, bytes) == room::claimed) ++sent;
    return sent;
}

void consume(ring_reader& reader, std::uint32_t records) {
    record r;
    for (; records > 0; --records) {
        REQUIRE(reader.look(r) == sight::message);
        reader.consume(r);
    }
}

}  // namespace

TEST_CASE("ring: a flush tells that a writer waits, once, and its wish stays until it takes it back") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    fill_up(writer);
    writer.ask_for_room(17);
    REQUIRE(send(writer, 1) == room::full);
    consume(reader, 1);
    REQUIRE_FALSE(reader.flush_when_due());  // one record is not worth a wake-up within a turn
    REQUIRE(reader.writers_want_room());
    REQUIRE(reader.flush());
    REQUIRE_FALSE(reader.owes_room());
    REQUIRE(it.ring.waiting_writers().contains(17));
    consume(reader, 1);
    REQUIRE_FALSE(reader.flush());
    REQUIRE(send(writer, 1) == room::claimed);
    writer.stop_asking(17);
    REQUIRE(it.ring.waiting_writers().empty());
}

TEST_CASE("ring: a writer that waits for the capacity is rung too") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    REQUIRE(send(writer, 1, 40, 1) == room::claimed);
    writer.ask_for_room(3);
    REQUIRE(send(writer, 2, 40, 1) == room::full);
    consume(reader, 1);
    REQUIRE(reader.park() == sight::empty);  // parking flushes
    REQUIRE(reader.writers_wait());
    REQUIRE(send(writer, 2, 40, 1) == room::claimed);
}

TEST_CASE("ring: a writer that has not looked for long does not go past the most messages there can be") {
    one_ring it(reader_mode::one, 0, std::uint32_t{4} * most_messages);
    ring_writer writer(it.ring, ann), late(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(send(writer, i) == room::claimed);
    consume(reader, 100);
    reader.flush();
    REQUIRE(fill_up(writer) == most_messages);
    REQUIRE(it.ring.size() == most_messages);
    REQUIRE(send(late, 1) == room::full);
    REQUIRE(it.ring.size() == most_messages);
    consume(reader, 1);
    reader.flush();
    REQUIRE(send(late, 1) == room::claimed);
    REQUIRE(send(late, 1) == room::full);
}

TEST_CASE("ring: room that came between two looks is taken without waiting") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    ring_reader reader(it.ring, it.dead.who());
    fill_up(writer);
    consume(reader, 1);
    reader.flush();
    writer.ask_for_room(3);
    REQUIRE(send(writer, 1) == room::claimed);
}

TEST_CASE("ring: while a large record waits, small ones give way until the head moves") {
    one_ring it;
    ring_writer small(it.ring, ann), large(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    fill_up(small);
    consume(reader, 100);
    reader.flush();
    large.ask_for_room(2);
    REQUIRE(send(large, 1, 16000) == room::full);
    REQUIRE(send(small, 1) == room::full);  // though it would fit
    small.ask_for_room(1);
    REQUIRE(send(small, 1) == room::full);
    consume(reader, 10);
    REQUIRE(reader.flush());
    REQUIRE(send(small, 1) == room::claimed);  // it has waited once
    small.stop_asking(1);
    REQUIRE(send(large, 1, 16000) == room::full);
    REQUIRE(send(small, 1) == room::full);
    consume(reader, 500);
    REQUIRE(reader.flush());
    REQUIRE(send(large, 1, 16000) == room::claimed);
}

TEST_CASE("ring: whoever reads the ring itself does not give way in it") {
    one_ring it;
    ring_writer small(it.ring, ann), large(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    small.never_give_way();
    fill_up(small);
    consume(reader, 100);
    reader.flush();
    large.ask_for_room(2);
    REQUIRE(send(large, 1, 16000) == room::full);
    REQUIRE(send(small, 1) == room::claimed);
}

TEST_CASE("ring: nobody gives way in a ring that is less than half full") {
    one_ring it;
    ring_writer small(it.ring, ann), large(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    large.ask_for_room(2);
    for (int i = 0; i < 3; ++i) REQUIRE(send(large, 1, 16000) == room::claimed);
    REQUIRE(send(large, 1, 16000) == room::claimed);
    REQUIRE(send(large, 1, 16000) == room::full);
    consume(reader, 4);
    REQUIRE(send(large, 1, 16000) == room::full);
    it.ring.head().fetch_or(1);
    reader.flush();
    it.ring.head().fetch_or(1);
    REQUIRE(send(small, 1) == room::claimed);
}

TEST_CASE("ring: nobody gives way to a reader that has parked over records it passed over") {
    one_ring it;
    ring_writer small(it.ring, ann), large(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    fill_up(small);
    consume(reader, 100);
    reader.flush();
    large.ask_for_room(2);
    REQUIRE(send(large, 1, 16000) == room::full);
    small.ask_for_room(1);
    REQUIRE(send(small, 1) == room::full);
    REQUIRE((small.gave_way() && !large.gave_way()));
    REQUIRE_FALSE(it.ring.parked());

    record r;
    REQUIRE(reader.look(r) == sight::message);
    while (reader.look_after(r, r) == sight::message) {
    }
    REQUIRE(reader.park() == sight::empty);
    REQUIRE(reader.writers_wait());  // the head will not move: they must look again
    REQUIRE(it.ring.parked());
    REQUIRE(send(small, 1) == room::claimed);
}

TEST_CASE("ring: waiting slots are visited, and taken in turn") {
    one_ring it;
    wait_set& set = it.ring.waiting_readers();
    REQUIRE_FALSE(set.next_after(5));
    for (std::uint32_t slot : {0u, 63u, 64u, 4095u}) set.add(slot);
    std::vector<std::uint32_t> seen;
    set.for_each([&](std::uint32_t slot) { seen.push_back(slot); });
    REQUIRE(seen == std::vector<std::uint32_t>{0, 63, 64, 4095});
    REQUIRE(*set.next_after(0) == 63);
    REQUIRE(*set.next_after(63) == 64);
    REQUIRE(*set.next_after(64) == 4095);
    REQUIRE(*set.next_after(4095) == 0);
    for (std::uint32_t slot : {0u, 63u, 4095u}) set.remove(slot);
    REQUIRE(*set.next_after(64) == 64);
    REQUIRE_FALSE(set.empty());
}
