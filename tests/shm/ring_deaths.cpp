// One reader. A writer or the reader is killed at every step of its life in turn, and what it leaves is looked at.
#include "ring_fixture.hpp"

#include <algorithm>

#ifdef TROUPE_STEPS

using namespace ring_test;
using numbers = std::vector<std::uint32_t>;

TEST_CASE("ring: a writer killed at any step loses at most the record it had not committed") {
    std::unique_ptr<one_ring> it;
    unsigned torn = 0;
    kill_at_every_step(
        [&] {
            executioner::pause();
            it = std::make_unique<one_ring>(reader_mode::one, near_a_pad);
            ring_writer writer(it->ring, ann), victim(it->ring, eve);
            send(writer, 100);
            executioner::resume();
            send_mortally(victim, 0, 40);
            send_mortally(victim, 1, 300);
            send_mortally(victim, 2, 40);
        },
        [&](bool was_killed) {
            ring_writer writer(it->ring, ann);
            ring_reader reader(it->ring, it->dead.who());
            send(writer, 101);
            send(writer, 102, 3000);
            const std::size_t before = read_all(reader).size();
            record r;
            const bool open = reader.look(r) == sight::in_flight;
            if (open) REQUIRE(reader.park() == sight::in_flight);
            it->dead.bury(eve);
            const std::size_t after = read_all(reader).size();
            REQUIRE((was_killed || !open));
            REQUIRE(before + after == 3 + executioner::times("ring: committed"));
            REQUIRE(reader.torn() == (open ? 1 : 0));
            torn += open;
            REQUIRE(parks(reader));
            REQUIRE(clean(it->ring));
        });
    REQUIRE(torn >= 10);
}

TEST_CASE("ring: whatever a writer committed before it was killed is delivered, in order") {
    std::unique_ptr<one_ring> it;
    kill_at_every_step(
        [&] {
            it = std::make_unique<one_ring>(reader_mode::one, near_a_pad);
            ring_writer victim(it->ring, eve);
            for (std::uint32_t i = 0; i < 4; ++i) send_mortally(victim, i, 40 + 100 * (i % 3));
        },
        [&](bool) {
            it->dead.bury(eve);
            const unsigned committed = executioner::times("ring: committed");
            ring_writer writer(it->ring, ann);
            ring_reader reader(it->ring, it->dead.who());
            send(writer, 100, 700);
            numbers expected;
            for (std::uint32_t i = 0; i < committed; ++i) expected.push_back(i);
            expected.push_back(100);
            REQUIRE(read_all(reader) == expected);
            REQUIRE(parks(reader));
            REQUIRE(clean(it->ring));
        });
}

TEST_CASE("ring: a reader killed at any step leaves exactly what it had not consumed") {
    std::unique_ptr<one_ring> it;
    const numbers plan = {0, 2, 1, 3, 5};  // the order of consuming: 2 and 5 out of turn
    kill_at_every_step(
        [&] {
            executioner::pause();
            it = std::make_unique<one_ring>(reader_mode::one, near_a_pad);
            ring_writer writer(it->ring, ann), victim(it->ring, eve);
            for (std::uint32_t i = 0; i < 3; ++i) send(writer, i, 90);
            REQUIRE(victim.try_claim(200, unlimited, leave_behind()) == room::claimed);
            it->dead.bury(eve);
            {
                claim dropped;
                REQUIRE(writer.try_claim(500, unlimited, dropped) == room::claimed);
            }
            for (std::uint32_t i = 3; i < 7; ++i) send(writer, i, 150);
            it->ring.waiting_writers().add(9);
            executioner::resume();

            ring_reader reader(it->ring, it->dead.who());
            record r;
            for (const std::uint32_t wanted : plan) {
                sight seen = reader.look(r);
                while (seen == sight::message && number_of(r) != wanted) seen = reader.look_after(r, r);
                REQUIRE(seen == sight::message);
                reader.consume(r);
                if (wanted != 0) reader.flush();
            }
            while (reader.look_after(r, r) == sight::message) {
            }
            const sight last = reader.park();
            reader.unpark();
            reader.flush();
            REQUIRE(last == sight::empty);
        },
        [&](bool) {
            numbers expected = {0, 1, 2, 3, 4, 5, 6};
            for (std::uint32_t i = 0; i < executioner::times("ring: consumed"); ++i)
                expected.erase(std::find(expected.begin(), expected.end(), plan[i]));
            ring_reader reader(it->ring, it->dead.who());
            REQUIRE(reader.recover());
            REQUIRE(reader.writers_wait());
            REQUIRE(it->ring.size() <= 9);
            REQUIRE(read_all(reader) == expected);
            REQUIRE(parks(reader));
            REQUIRE(clean(it->ring));
        });
}

TEST_CASE("ring: a successor killed while it recovers leaves a ring that can be recovered") {
    std::unique_ptr<one_ring> it;
    kill_at_every_step(
        [&] {
            executioner::pause();
            it = std::make_unique<one_ring>(reader_mode::one, near_a_pad);
            ring_writer writer(it->ring, ann);
            for (std::uint32_t i = 0; i < 6; ++i) send(writer, i, 90);
            ring_reader first(it->ring, it->dead.who());
            record r;
            for (int i = 0; i < 4; ++i) {
                REQUIRE(first.look(r) == sight::message);
                first.consume(r);
            }
            executioner::resume();
            ring_reader second(it->ring, it->dead.who());
            static_cast<void>(second.recover());
            second.flush();
        },
        [&](bool) {
            ring_reader third(it->ring, it->dead.who());
            REQUIRE(third.recover());
            REQUIRE(it->ring.size() == 2);
            REQUIRE(read_all(third) == numbers{4, 5});
            REQUIRE(clean(it->ring));
        });
}

TEST_CASE("ring: a record committed just before its writer is found dead is delivered") {
    static claim* last_act = nullptr;
    one_ring it;
    ring_writer victim(it.ring, eve);
    claim& open = leave_behind();
    REQUIRE(victim.try_claim(40, unlimited, open) == room::claimed);
    fill(open.payload(), 40, 5);
    last_act = &open;
    // It commits while the reader, which has seen no header, asks whether it is dead.
    const liveness who{[](const void*, owner_id) noexcept {
                           if (last_act != nullptr) static_cast<void>(std::exchange(last_act, nullptr)->commit(0));
                           return true;
                       },
                       nullptr};
    SECTION("one reader") {
        ring_reader reader(it.ring, who);
        REQUIRE(read_all(reader) == numbers{5});
        REQUIRE(reader.torn() == 0);
    }
    SECTION("many readers") {
        it.ring.reopen(reader_mode::many);
        ring_shared_reader reader(it.ring, bob, who);
        record r;
        REQUIRE(reader.take(r) == sight::message);
        REQUIRE(number_of(r) == 5);
        REQUIRE(it.ring.torn() == 0);
    }
}

TEST_CASE("ring: messages packed in one record are consumed one by one, across a death, the oldest or not") {
    one_ring it;
    ring_writer writer(it.ring, ann);
    for (std::uint32_t i = 1; i <= 3; ++i) send(writer, i);
    record first, second;
    {
        ring_reader reader(it.ring, it.dead.who());
        REQUIRE(reader.look(first) == sight::message);
        REQUIRE(reader.look_after(first, second) == sight::message);
        REQUIRE(reader.parts_consumed(second) == 0);
        reader.consume_part(second, 5);
        reader.consume_part(first, most_parts);
        REQUIRE(reader.parts_consumed(first) == most_parts);
    }
    ring_reader reader(it.ring, it.dead.who());
    REQUIRE(reader.recover());
    record r;
    REQUIRE(reader.look(r) == sight::message);
    REQUIRE(number_of(r) == 1);
    REQUIRE(reader.parts_consumed(r) == most_parts);
    reader.consume(r);
    REQUIRE(reader.look(r) == sight::message);
    REQUIRE(number_of(r) == 2);
    REQUIRE(reader.parts_consumed(r) == 5);
    reader.consume(r);
    REQUIRE(reader.look(r) == sight::message);
    REQUIRE(reader.parts_consumed(r) == 0);
    REQUIRE(read_all(reader) == numbers{3});
    // The same places in the next laps: nothing of it is left.
    for (std::uint32_t i = 0; i < 3 * it.ring.granules(); ++i) {
        send(writer, i);
        REQUIRE(reader.look(r) == sight::message);
        REQUIRE(reader.parts_consumed(r) == 0);
        reader.consume(r);
        reader.flush();
    }
}

TEST_CASE("ring: a stopped writer is waited for, however long") {
    one_ring it;
    ring_writer writer(it.ring, ann), stopped(it.ring, bob);
    ring_reader reader(it.ring, it.dead.who());
    claim& open = leave_behind();
    REQUIRE(stopped.try_claim(8, unlimited, open) == room::claimed);
    std::uint32_t sent = 0;
    while (send(writer, sent) == room::claimed) ++sent;
    record r;
    for (int i = 0; i < 100; ++i) REQUIRE(reader.look(r) == sight::in_flight);
    fill(open.payload(), 8, 77);
    static_cast<void>(open.commit(0));
    REQUIRE(read_all(reader).size() == sent + 1);
}

TEST_CASE("ring: a reader that parks behind a dead writer's claim mends the tail") {
    one_ring it;
    ring_writer writer(it.ring, ann), victim(it.ring, eve);
    ring_reader reader(it.ring, it.dead.who());
    {
        executioner axe(2);  // claimed, the tail not yet moved
        REQUIRE_THROWS_AS(send_mortally(victim, 1, 40), killed);
    }
    it.dead.bury(eve);
    REQUIRE(it.ring.tail_position() == 0);
    REQUIRE(read_all(reader).empty());
    REQUIRE(it.ring.size() == 0);
    REQUIRE(reader.park() == sight::empty);
    REQUIRE(it.ring.tail_position() == 1);
    REQUIRE(it.ring.close());
    reader.unpark();
    record r;
    REQUIRE(reader.look(r) == sight::ended);
}

TEST_CASE("ring: the scrub of a killed reader is done by its successor") {
    std::unique_ptr<one_ring> it;
    unsigned scrubbing = 0;
    for (unsigned step = 50; step < 1000; step += 211) {
        it = std::make_unique<one_ring>();
        ring_writer writer(it->ring, ann);
        begin_at(it->ring, 1024 * 100);
        it->ring.header().journal.scrubbed.store(0);
        for (std::uint32_t i = 0; i < 1024; ++i) it->ring.claim_at(i).store(0);
        {
            executioner axe(step);
            REQUIRE_THROWS_AS(
                [&] {
                    ring_writer again(it->ring, ann);
                    send_mortally(again, 1, 40);
                    ring_reader reader(it->ring, it->dead.who(), 4096);
                    read_all(reader);
                }(),
                killed);
            scrubbing += executioner::times("ring: scrubbing");
        }
        ring_reader reader(it->ring, it->dead.who(), 4096);
        REQUIRE(reader.recover());
        send(writer, 2);
        read_all(reader);
        REQUIRE(it->ring.header().journal.scrubbed.load() != 0);
        for (std::uint32_t i = 0; i < 1024; ++i)
            REQUIRE(it->ring.laps_ahead(claim_word{it->ring.claim_at(i).load()}.lap(), 1024 * 100) >= -1);
    }
    REQUIRE(scrubbing > 0);
}

#endif
