// The slots of processes: which is claimed next.
#include <cstdint>
#include <set>
#include <string_view>

#include "base/step.hpp"
#include "catch.hpp"
#include "shm/program_memory.hpp"

using namespace troupe::shm;

namespace {

constexpr std::uint32_t most = 100, to_begin_with = 32;

program_memory memory() {
    program_memory made = program_memory::create(std::size_t{64} << 20);
    made.header().most_actors = most;
    made.header().turn.begin(to_begin_with);
    return made;
}

}  // namespace

TEST_CASE("process slots: all that there may be are claimed, each once, and then none") {
    program_memory table = memory();
    std::set<std::uint16_t> claimed;
    for (std::uint32_t i = 0; i < most; ++i) {
        REQUIRE_FALSE(table.processes().full());
        const auto slot = table.processes().claim(0);
        REQUIRE(slot.has_value());
        REQUIRE(claimed.insert(*slot).second);
        REQUIRE(*slot < table.processes().reached());
    }
    REQUIRE(table.processes().full());
    REQUIRE(table.processes().reached() == most);
    REQUIRE_FALSE(table.processes().claim(0).has_value());
    table.processes().free(37);
    REQUIRE_FALSE(table.processes().full());
    REQUIRE(table.processes().claim(0) == 37);
}

TEST_CASE("process slots: while few are taken at a time, few are used, one after the other") {
    program_memory table = memory();
    std::uint16_t last = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto slot = table.processes().claim(0);
        REQUIRE(slot.has_value());
        if (i > 0) REQUIRE(*slot == (last + 1) % to_begin_with);
        last = *slot;
        table.processes().free(last);
    }
    REQUIRE(table.processes().reached() == to_begin_with);
}

#ifdef TROUPE_STEPS
TEST_CASE("process slots: while a slot is being claimed, its last actor is dead, and its process is not named") {
    static program_memory table = memory();
    static troupe::detail::actor_id last;
    static int looked = 0;
    const auto slot = table.processes().claim(0);
    REQUIRE(slot == 0);
    last = table.process(0).actor();
    table.process(0).pid.set(4711);
    REQUIRE(table.process(0).life.move(table.process(0).present(), process_state::running));
    REQUIRE(table.processes().is_alive(last));
    REQUIRE(table.process(0).life.move(table.process(0).present(), process_state::dead));
    table.ends().write(last, troupe::exit_status::from_exit(3));
    table.processes().free(0);

    troupe::base::step_hook = [](const char* step) {
        if (std::string_view(step) != "process: slot claimed" || table.process(0).state_of(last)) return;
        if (table.process(0).actor() != last) return;
        const auto status = table.ends().of(last);
        if (!table.processes().is_alive(last) && status && status->code() == 3 && table.process(0).pid.get() == 0)
            ++looked;
    };
    for (std::uint32_t i = 0; i < to_begin_with; ++i) table.processes().claim(0);
    troupe::base::step_hook = nullptr;
    REQUIRE(looked == 1);
    REQUIRE(table.process(0).actor() != last);
}
#endif
