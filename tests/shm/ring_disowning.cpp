// What the keeper does before the id of a dead process is given to another: nothing that is left may look like the
// other's. Whoever has the id afterwards is alive here: nobody is buried.
#include "ring_fixture.hpp"

#ifdef TROUPE_STEPS

using namespace ring_test;
using numbers = std::vector<std::uint32_t>;

namespace {

constexpr owner_id keeper = owner_id::make(4095, 0);

numbers disown(const ring& of, owner_id dead) {
    numbers seen;
    of.disown(dead, [&seen](const record& r) { seen.push_back(number_of(r)); });
    return seen;
}

}  // namespace

TEST_CASE("ring: a writer is killed at any step, and another has its id") {
    std::unique_ptr<one_ring> it;
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
        [&](bool) {
            const unsigned committed = executioner::times("ring: committed");
            numbers expected;
            for (std::uint32_t i = 0; i < committed; ++i) expected.push_back(i);
            REQUIRE(disown(it->ring, eve) == expected);
            ring_writer other(it->ring, eve);
            ring_reader reader(it->ring, it->dead.who());
            send(other, 101, 3000);
            expected.insert(expected.begin(), 100);
            expected.push_back(101);
            REQUIRE(read_all(reader) == expected);
            REQUIRE(parks(reader));
            REQUIRE(clean(it->ring));
        });
}

TEST_CASE("ring: one of many readers is killed at any step, and another has its id") {
    std::unique_ptr<one_ring> it;
    numbers finished;
    unsigned held = 0;
    kill_at_every_step(
        [&] {
            executioner::pause();
            it = std::make_unique<one_ring>(reader_mode::many, near_a_pad);
            finished.clear();
            ring_writer writer(it->ring, ann);
            for (std::uint32_t i = 0; i < 4; ++i) send(writer, i, 40 + 200 * i);
            ring_shared_reader victim(it->ring, eve, it->dead.who());
            record r;
            executioner::resume();
            for (int i = 0; i < 3; ++i) {
                if (victim.take(r) != sight::message) return;
                finished.push_back(number_of(r));  // unless it is disowned
                victim.finish(r);
            }
        },
        [&](bool) {
            numbers left = disown(it->ring, eve);
            REQUIRE(left.size() <= 1);
            held += left.size();
            if (!left.empty() && !finished.empty() && finished.back() == left.back()) finished.pop_back();
            it->dead.bury(eve);  // which is so until the keeper is through
            ring_shared_reader(it->ring, keeper, it->dead.who()).notice_deaths();
            it->dead.buried.clear();
            ring_shared_reader heir(it->ring, bob, it->dead.who()), other(it->ring, eve, it->dead.who());
            record r;
            REQUIRE(other.take(r) == sight::message);
            finished.push_back(number_of(r));
            other.finish(r);
            for (const std::uint32_t one : take_all(heir)) finished.push_back(one);
            REQUIRE(finished == numbers{0, 1, 2, 3});
            REQUIRE(clean(it->ring));
        });
    REQUIRE(held >= 6);
}

TEST_CASE("ring: a reader that saw a dead one's record does not take it from whoever has its id") {
    static std::unique_ptr<one_ring> it;
    it = std::make_unique<one_ring>(reader_mode::many);
    ring_writer writer(it->ring, ann);
    send(writer, 1);
    static record taken;
    REQUIRE(ring_shared_reader(it->ring, eve, it->dead.who()).take(taken) == sight::message);
    it->dead.bury(eve);
    troupe::base::step_hook = [](const char* step) {
        if (std::string(step) != "ring: before take") return;
        troupe::base::step_hook = nullptr;
        disown(it->ring, eve);
        it->dead.buried.clear();
        REQUIRE(ring_shared_reader(it->ring, eve, it->dead.who()).take(taken) == sight::message);
    };
    ring_shared_reader late(it->ring, bob, it->dead.who());
    record r;
    REQUIRE(late.take(r) == sight::empty);
    REQUIRE(troupe::base::step_hook == nullptr);
    ring_shared_reader other(it->ring, eve, it->dead.who());
    other.finish(taken);
    REQUIRE(clean(it->ring));
}

TEST_CASE("ring: what others have claimed and taken stays theirs, and a damaged ring is left alone") {
    one_ring it(reader_mode::many, near_a_pad);
    ring_writer writer(it.ring, ann);
    for (std::uint32_t i = 0; i < 3; ++i) send(writer, i, 300);
    ring_shared_reader reader(it.ring, bob, it.dead.who());
    record r;
    reader.take(r);
    REQUIRE(disown(it.ring, eve) == numbers{0});  // bob may have yet to receive what eve had
    REQUIRE(disown(it.ring, ann) == numbers{0, 1, 2});
    REQUIRE(disown(it.ring, bob) == numbers{0});
    REQUIRE(it.ring.writer_of(r) == ann.disowned());
    it.ring.head().store(head_word::make(it.ring.tail_position() + 5, 0).bits);
    REQUIRE(disown(it.ring, ann).empty());
}

#endif
