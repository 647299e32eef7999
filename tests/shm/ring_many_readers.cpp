// Many readers: taking, giving back, the sweeper, and deaths at every step.
#include "ring_fixture.hpp"

using namespace ring_test;
using numbers = std::vector<std::uint32_t>;

namespace {

struct shared_ring : one_ring {
    explicit shared_ring(std::uint64_t start = 0) : one_ring(reader_mode::many, start) {}
};

}  // namespace

TEST_CASE("ring: many readers each take the oldest record that nobody has") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who()), second(it.ring, eve, it.dead.who());
    for (std::uint32_t i = 1; i <= 3; ++i) send(writer, i);
    record a, b, c, none;
    REQUIRE(first.take(a) == sight::message);
    REQUIRE(second.take(b) == sight::message);
    REQUIRE(first.take(c) == sight::message);
    REQUIRE((number_of(a) == 1 && number_of(b) == 2 && number_of(c) == 3));
    REQUIRE(second.take(none) == sight::empty);
    first.finish(c);
    second.finish(b);
    REQUIRE(it.ring.head_position() == 0);
    first.finish(a);
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: a record given back is taken again in its old place") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who()), second(it.ring, eve, it.dead.who());
    for (std::uint32_t i = 1; i <= 3; ++i) send(writer, i);
    record a, b, r;
    first.take(a);
    second.take(b);
    it.ring.waiting_readers().add(5);
    first.give_back(a);
    REQUIRE(first.readers_wait());
    it.ring.waiting_readers().remove(5);
    REQUIRE(second.take(r) == sight::message);
    REQUIRE(number_of(r) == 1);
    first.finish(a);  // no longer its own
    REQUIRE(it.ring.size() == 3);
    second.finish(r);
    second.finish(b);
    REQUIRE(take_all(first) == numbers{3});
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: what a dead reader held goes back to the others in its old place") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader victim(it.ring, eve, it.dead.who()), heir(it.ring, bob, it.dead.who());
    for (std::uint32_t i = 1; i <= 4; ++i) send(writer, i);
    record a, b, c;
    victim.take(a);
    heir.take(b);
    victim.take(c);
    it.dead.bury(eve);
    heir.notice_deaths();
    REQUIRE(take_all(heir) == numbers{1, 3, 4});
    heir.finish(b);
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: with many readers, void and torn records give their room back") {
    shared_ring it;
    ring_writer writer(it.ring, ann), victim(it.ring, eve);
    ring_shared_reader reader(it.ring, bob, it.dead.who());
    {
        claim dropped;
        REQUIRE(writer.try_claim(300, 2, dropped) == room::claimed);
    }
    REQUIRE(victim.try_claim(300, 2, leave_behind()) == room::claimed);
    writer.ask_for_room(4);
    REQUIRE(send(writer, 1, 40, 2) == room::full);
    record r;
    REQUIRE(reader.take(r) == sight::in_flight);
    it.dead.bury(eve);
    reader.notice_deaths();
    REQUIRE(reader.take(r) == sight::empty);
    REQUIRE(reader.writers_wait());
    REQUIRE(it.ring.torn() == 1);
    REQUIRE(clean(it.ring));
}

TEST_CASE("ring: parking needs an empty ring, and the last reader awake clears PARKED") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who()), second(it.ring, eve, it.dead.who());
    send(writer, 1);
    REQUIRE(first.park(1) == sight::message);
    REQUIRE(it.ring.waiting_readers().empty());
    REQUIRE(take_all(first) == numbers{1});
    REQUIRE(first.park(1) == sight::empty);
    REQUIRE(second.park(2) == sight::empty);
    first.unpark(1);
    REQUIRE(tail_word{it.ring.tail().load()}.parked());
    second.unpark(2);
    REQUIRE_FALSE(tail_word{it.ring.tail().load()}.parked());
}

TEST_CASE("ring: a reader that wakes hands the bell on while more is there") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who()), second(it.ring, eve, it.dead.who());
    REQUIRE(first.park(1) == sight::empty);
    REQUIRE(second.park(2) == sight::empty);
    send(writer, 1);
    send(writer, 2);
    first.unpark(1);
    record r;
    REQUIRE(first.take(r) == sight::message);
    REQUIRE(first.readers_wait());
    second.unpark(2);
    REQUIRE(second.take(r) == sight::message);
    REQUIRE_FALSE(second.readers_wait());
}

TEST_CASE("ring: a reader that was rung and does not take hands the bell on") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who()), second(it.ring, eve, it.dead.who());
    REQUIRE(first.park(1) == sight::empty);
    REQUIRE(second.park(2) == sight::empty);
    send(writer, 1);
    first.unpark(1);
    first.decline();
    REQUIRE(first.readers_wait());
}

TEST_CASE("ring: a reader that was rung and does not take hands the bell on while a record is being made") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who()), second(it.ring, eve, it.dead.who());
    REQUIRE(first.park(1) == sight::empty);
    REQUIRE(second.park(2) == sight::empty);
    claim being_made;
    REQUIRE(writer.try_claim(8, most_messages, being_made) == room::claimed);
    first.unpark(1);
    REQUIRE(first.was_woken());
    first.decline();
    REQUIRE(first.readers_wait());
    REQUIRE_FALSE(first.was_woken());
}

TEST_CASE("ring: a closed queue ends only when nobody else could give something back") {
    shared_ring it;
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who()), second(it.ring, eve, it.dead.who());
    send(writer, 1);
    record held, r;
    first.take(held);
    it.ring.close();
    REQUIRE(first.take(r) == sight::ended);  // but for what it holds itself
    REQUIRE(second.take(r) == sight::empty);
    REQUIRE(second.park(2) == sight::empty);
    first.finish(held);
    REQUIRE(first.readers_wait());
    second.unpark(2);
    REQUIRE(second.take(r) == sight::ended);
    it.ring.reopen(reader_mode::one);
    const auto again = ring::attach(it.memory.get(), it.memory.bytes());
    ring_reader reader(*again, it.dead.who());
    REQUIRE(reader.recover());
    REQUIRE(send(writer, 9) == room::claimed);
    REQUIRE(read_all(reader) == numbers{9});
}

TEST_CASE("ring: many readers go round many laps, and renew old ones") {
    shared_ring it(position_mask - 2 * 1024);
    ring_writer writer(it.ring, ann);
    ring_shared_reader first(it.ring, bob, it.dead.who(), 2048), second(it.ring, eve, it.dead.who(), 2048);
    std::uint32_t sent = 0, got = 0;
    record a, b;
    while (got < 20000) {
        while (send(writer, sent, 4 + sent * 97 % 900) == room::claimed) ++sent;
        while (first.take(a) == sight::message) {
            REQUIRE(number_of(a) == got++);
            const bool two = second.take(b) == sight::message;
            if (two) REQUIRE(number_of(b) == got++);
            first.finish(a);
            if (two) second.finish(b);
        }
    }
    REQUIRE(clean(it.ring));
    REQUIRE(it.ring.header().journal.scrubbed.load() < 1u << 30);
}

#ifdef TROUPE_STEPS
TEST_CASE("ring: a shared reader killed at any step loses nothing it had not finished, and blocks nobody") {
    std::unique_ptr<shared_ring> it;
    unsigned half_swept = 0;
    kill_at_every_step(
        [&] {
            executioner::pause();
            it = std::make_unique<shared_ring>(1024 * 9 - 4);
            ring_writer writer(it->ring, ann), dead_writer(it->ring, owner_id::make(9, 9));
            for (std::uint32_t i = 0; i < 3; ++i) send(writer, i, 90);
            REQUIRE(dead_writer.try_claim(200, unlimited, leave_behind()) == room::claimed);
            it->dead.bury(owner_id::make(9, 9));
            {
                claim dropped;
                REQUIRE(writer.try_claim(100, unlimited, dropped) == room::claimed);
            }
            for (std::uint32_t i = 3; i < 6; ++i) send(writer, i, 90);
            executioner::resume();

            ring_shared_reader victim(it->ring, eve, it->dead.who());
            record r0, r1, r2, r3;
            victim.take(r0);
            victim.take(r1);
            victim.take(r2);
            victim.finish(r1);  // 1
            victim.finish(r0);  // 0
            victim.give_back(r2);
            victim.take(r2);
            victim.finish(r2);  // 2
            victim.take(r3);
            victim.finish(r3);  // 3
            victim.park(3);
            victim.unpark(3);
        },
        [&](bool) {
            const bool held_the_broom = sweeper_word{it->ring.header().sweeper.word.load()}.owned();
            half_swept += held_the_broom;
            numbers expected = {0, 1, 2, 3, 4, 5};
            const numbers plan = {1, 0, 2, 3};
            for (std::uint32_t i = 0; i < executioner::times("ring: finished"); ++i)
                expected.erase(std::find(expected.begin(), expected.end(), plan[i]));
            it->dead.bury(eve);
            it->ring.waiting_readers().remove(3);  // the keeper
            ring_shared_reader heir(it->ring, bob, it->dead.who());
            REQUIRE(take_all(heir) == expected);
            REQUIRE(clean(it->ring));
            REQUIRE(it->ring.torn() <= 1);
            REQUIRE(heir.park(2) == sight::empty);
            heir.unpark(2);
        });
    REQUIRE(half_swept > 10);
}

TEST_CASE("ring: whatever others do while a reader is between two steps, each record is taken once") {
    static ring_shared_reader* other = nullptr;
    static ring_writer* writer = nullptr;
    static numbers seen;
    static unsigned countdown = 0;
    unsigned interrupted = 0;
    for (unsigned step = 1; step < 40; ++step) {
        shared_ring it(1024 * 5 - 2);
        ring_writer pen(it.ring, ann);
        ring_shared_reader slow(it.ring, bob, it.dead.who()), fast(it.ring, eve, it.dead.who());
        other = &fast;
        writer = &pen;
        seen.clear();
        for (std::uint32_t i = 0; i < 4; ++i) send(pen, i, 100);
        countdown = step;
        troupe::base::step_hook = [](const char*) {
            if (--countdown != 0) return;
            troupe::base::step_hook = nullptr;
            for (std::uint32_t lap = 0; lap < 3; ++lap) {  // takes all it can, and the ring goes round
                for (const std::uint32_t n : take_all(*other)) seen.push_back(n);
                while (lap > 0 && send(*writer, 100, 3000) == room::claimed) {
                }
            }
        };
        record r;
        const sight found = slow.take(r);
        REQUIRE(found != sight::corrupt);
        if (found == sight::message) {
            seen.push_back(number_of(r));
            slow.finish(r);
        }
        interrupted += troupe::base::step_hook == nullptr;
        troupe::base::step_hook = nullptr;
        for (const std::uint32_t n : take_all(slow)) seen.push_back(n);
        for (const std::uint32_t n : take_all(fast)) seen.push_back(n);
        for (std::uint32_t i = 0; i < 4; ++i) REQUIRE(std::count(seen.begin(), seen.end(), i) == 1);
        REQUIRE(clean(it.ring));
    }
    REQUIRE(interrupted >= 5);
}
#endif
