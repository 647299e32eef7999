// Memory that was scribbled over is shown as far as it can be, or refused with a sentence: never a crash, and never a
// look at what lies outside of it.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "catch.hpp"
#include "inspect/failure.hpp"
#include "inspect/observer.hpp"
#include "mail/envelope.hpp"
#include "shm/program_memory.hpp"
#include "shm/ring_writer.hpp"
#include "shm/shared_text.hpp"

using namespace troupe;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

inspect::program_found found(const shm::program_memory& memory) {
    struct stat about{};
    REQUIRE(fstat(memory.memory().fd(), &about) == 0);
    return {getpid(), "/proc/self/fd/" + std::to_string(memory.memory().fd()), about.st_dev, about.st_ino, "test"};
}

// Three actors, each with a mailbox in which something lies.
std::unique_ptr<shm::program_memory> program_of_three() {
    auto made = std::make_unique<shm::program_memory>(shm::program_memory::create(16 * mib, shm::most_halvings));
    made->header().most_actors = 16;
    made->header().turn.begin(16);
    for (int i = 0; i < 3; ++i) {
        const std::uint16_t slot = made->processes().claim(0).value();
        shm::process_slot& actor = made->process(slot);
        shm::store_text(actor.who.name, "clerk");
        actor.pid.set(getpid());
        actor.life.move_on(shm::process_state::running);
        const shm::owner_id me = made->processes().owner(slot);
        const shm::channel_id mailbox = made->channels().claim(shm::channel_kind::mailbox, 10, me);
        shm::channel_record& record = made->channel(mailbox.index());
        record.reader.set(slot);
        record.capacity.set(1000);
        made->channels().open(mailbox);
        actor.who.mailbox.set(mailbox);
        shm::ring_writer writer(made->channels().ring_of(record), me);
        for (int n = 0; n < 20; ++n) {
            shm::claim claim;
            REQUIRE(writer.try_claim(mail::bytes_with_frame(40), 1000, claim) == shm::room::claimed);
            mail::write_frame(claim, {.type = 1, .target = static_cast<std::uint32_t>(actor.actor().serial())});
            static_cast<void>(claim.commit(mail::plain_record));
        }
    }
    return made;
}

void look_at_all_of(const shm::program_memory& memory) {
    try {
        inspect::observer by(found(memory));
        const inspect::snapshot seen = by.look({true, true, true, true, true});
        for (const auto& one : seen.channels) static_cast<void>(by.messages(one.id, true));
        for (std::uint16_t slot = 0; slot < 20; ++slot) static_cast<void>(by.last_events(slot, 100));
    } catch (const inspect::failure& why) {
        CHECK(std::string(why.what()).find("program") != std::string::npos);
    }
}

using generator = std::minstd_rand;

void scribble(generator& dice, std::byte* from, std::size_t bytes) {
    const std::size_t words = 1 + dice() % 64;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word = dice() % 4 == 0 ? ~std::uint64_t{0} >> dice() % 64 : std::uint64_t{dice()} << dice() % 40;
        std::memcpy(from + dice() % (bytes / 8) * 8, &word, sizeof word);
    }
}

}  // namespace

TEST_CASE("observer: what is not damaged is shown whole") {
    const auto memory = program_of_three();
    inspect::observer by(found(*memory));
    const inspect::snapshot seen = by.look({});
    REQUIRE(seen.actors.size() == 3);
    for (const auto& one : seen.actors) CHECK(one.mailbox->messages == 20);
    CHECK(seen.damaged.empty());
}

TEST_CASE("observer: a slot in no state that there is is left out, and said so") {
    const auto memory = program_of_three();
    shm::life_value life = memory->process(1).present();
    life.state = static_cast<shm::process_state>(203);
    memory->process(1).life.set(life);
    const inspect::snapshot seen = inspect::observer(found(*memory)).look({});
    CHECK(seen.actors.size() == 2);
    REQUIRE(seen.damaged.size() == 1);
    CHECK_THAT(seen.damaged.front(), checks::contains("is damaged (slot 1: state 203); that is left out"));
}

TEST_CASE("observer: of a pipe whose ring is damaged that is said, and what stands before the damage is counted") {
    const auto memory = program_of_three();
    const shm::owner_id me = memory->processes().owner(1);
    const shm::channel_id pipe = memory->channels().claim(shm::channel_kind::pipe, 10, me);
    memory->channels().open(pipe);
    memory->channel(pipe.index()).reader.set(1);
    const shm::ring ring = memory->channels().ring_of(memory->channel(pipe.index()));
    shm::ring_writer writer(ring, me);
    for (int n = 0; n < 2; ++n) {
        shm::claim claim;
        REQUIRE(writer.try_claim(mail::bytes_with_frame(40), 1000, claim) == shm::room::claimed);
        const auto target = static_cast<std::uint32_t>(pipe.generation());
        mail::write_frame(claim, {.type = 1, .target = target});
        static_cast<void>(claim.commit(mail::plain_record));
    }
    // relaxed: what no writer commits, while nobody else is there
    ring.record_at(1).store(1, std::memory_order_relaxed);
    const inspect::snapshot seen = inspect::observer(found(*memory)).look({.channels = true});
    REQUIRE(seen.damaged.size() == 1);
    CHECK_THAT(seen.damaged.front(), checks::contains("(channel " + std::to_string(pipe.index()) + ": its ring)"));
    REQUIRE(seen.channels.back().kind == "pipe");
    CHECK(seen.channels.back().messages == 1);
}

TEST_CASE("observer: random bytes in slots, channels, rings and the header lead to sentences") {
    generator dice(static_cast<unsigned>(getpid()));
    INFO("seed " << getpid());
    for (int round = 0; round < 60; ++round) {
        const auto memory = program_of_three();
        shm::process_slot* const slots = &memory->process(0);
        shm::channel_record* const channels = &memory->channel(0);
        if (dice() % 2 == 0) scribble(dice, reinterpret_cast<std::byte*>(slots), 3 * sizeof *slots);
        if (dice() % 2 == 0) scribble(dice, reinterpret_cast<std::byte*>(channels), 3 * sizeof *channels);
        if (dice() % 2 == 0) {
            const shm::block_id ring{channels->ring.get()};
            if (memory->blocks().valid(ring)) scribble(dice, memory->blocks().at(ring), memory->blocks().bytes(ring));
        }
        if (dice() % 4 == 0) {
            scribble(dice, reinterpret_cast<std::byte*>(&memory->header()), sizeof(shm::program_header));
        }
        look_at_all_of(*memory);
    }
}

TEST_CASE("observer: a program of another layout is refused by both versions") {
    const auto memory = program_of_three();
    auto& identity = const_cast<shm::program_identity&>(memory->identity());
    identity.layout += 1;
    CHECK_THROWS_WITH(inspect::observer(found(*memory)),
                      checks::contains("layout " + std::to_string(shm::layout_version + 1)) &&
                          checks::contains("layout " + std::to_string(shm::layout_version) + "): use the troupe"));
}
