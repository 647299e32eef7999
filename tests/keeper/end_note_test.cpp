// What the keeper writes down of an end: how the record comes about, without a process.
#include "keeper/end_note.hpp"

#include <csignal>
#include <cstring>
#include <string>

#include "catch.hpp"
#include "shm/program_memory.hpp"
#include "shm/shared_text.hpp"

using namespace troupe::shm;
using troupe::exit_status;
using troupe::keepers::note_end;

namespace {

program_memory program_of_one() {
    program_memory made = program_memory::create(std::size_t{64} << 20);
    made.header().most_actors = 10;
    made.header().turn.begin(10);
    store_text(made.process(made.processes().claim(0).value()).who.name, "clerk");
    return made;
}

void end_clerk(program_memory& memory, const exit_status& status, std::uint32_t lost = 0) {
    memory.ends().write(memory.process(0).actor(), status);
    note_end(memory, memory.process(0).actor(), lost);
}

const end_record& kept(program_memory& memory, std::uint64_t number) {
    const end_record& it = memory.log_of_ends().at(number);
    REQUIRE(it.number.get() == number);
    return it;
}

event_kind kind_of(const end_record& of, std::size_t i) {
    return event::of(of.events[i].first.get(), of.events[i].second.get()).kind;
}

}  // namespace

TEST_CASE("end note: it has who ended, how, and with how many messages") {
    program_memory memory = program_of_one();
    memory.process(0).pid.set(4711);
    end_clerk(memory, exit_status::from_signal(SIGKILL, false), 12);
    const end_record& end = kept(memory, 1);
    CHECK(memory.header().ends.get() == 1);
    CHECK(end.actor.get() == memory.process(0).actor());
    CHECK(load_text(end.name) == "clerk");
    CHECK(end.pid.get() == 4711);
    CHECK(end.lost.get() == 12);
    CHECK(unpack_end(end.end.get(), end.actor.get())->signal() == SIGKILL);
    CHECK(end.crash_signal.get() == 0);
    CHECK(end.frame_count.get() == 0);
    CHECK(end.hung.get() == 0);
}

TEST_CASE("end note: an exception is that of the incarnation that ended, and of no other") {
    program_memory memory = program_of_one();
    process_slot& clerk = memory.process(0);
    clerk.ending.note_exception(clerk.incarnation.known(), "std::runtime_error", "no");
    end_clerk(memory, exit_status::from_exit(1));
    CHECK(load_text(kept(memory, 1).exception_type) == "std::runtime_error");
    CHECK(load_text(kept(memory, 1).exception_text) == "no");
    clerk.begin_process();
    end_clerk(memory, exit_status::from_exit(1));
    CHECK(load_text(kept(memory, 2).exception_type).empty());
    CHECK(kept(memory, 2).incarnation.get() == 1);
}

TEST_CASE("end note: frames keep their modules, each once, and a path for which there is no room is left out") {
    program_memory memory = program_of_one();
    troupe::base::post_mortem& page = memory.processes().post_mortem(0);
    const std::string near = "/usr/bin/clerk", far = '/' + std::string(3'000, 'x');
    std::memcpy(page.modules.data(), near.c_str(), near.size() + 1);
    std::memcpy(page.modules.data() + 100, far.c_str(), far.size() + 1);
    page.frames[0] = {11, 0};
    page.frames[1] = {12, 100};
    page.frames[2] = {13, 0};
    page.frames[3] = {14, troupe::base::no_module};
    page.frame_count.set(4);
    page.incarnation.set(memory.process(0).incarnation.known());
    page.fault_address = 0x18;
    page.signal.set(SIGSEGV);
    end_clerk(memory, exit_status::from_signal(SIGSEGV, false));
    const end_record& end = kept(memory, 1);
    CHECK(end.crash_signal.get() == SIGSEGV);
    CHECK(end.fault_address.get() == 0x18);
    REQUIRE(end.frame_count.get() == 4);
    CHECK(std::string(end.modules.data() + end.frames[0].module.get()) == near);
    CHECK(end.frames[1].module.get() == troupe::base::no_module);
    CHECK(end.frames[2].module.get() == end.frames[0].module.get());
    CHECK(end.frames[3].module.get() == troupe::base::no_module);
    CHECK(end.frames[3].where.get() == 14);
}

TEST_CASE("end note: the last events are those of the process that ended") {
    program_memory memory = program_of_one();
    recorder& last = memory.process(0).told.last;
    last.note({.kind = event_kind::began});
    last.note({.kind = event_kind::handling, .type = 7});
    end_clerk(memory, exit_status::from_exit(0));
    REQUIRE(kept(memory, 1).event_count.get() == 2);
    CHECK(kind_of(kept(memory, 1), 0) == event_kind::began);
    CHECK(kind_of(kept(memory, 1), 1) == event_kind::handling);
    CHECK(last.at(last.count() - 1).kind == event_kind::ended);

    last.note({.kind = event_kind::began});
    end_clerk(memory, exit_status::from_exit(0));
    CHECK(kept(memory, 2).event_count.get() == 1);

    for (int i = 0; i < 1'000; ++i) last.note({.kind = i == 999 ? event_kind::asked : event_kind::woke});
    end_clerk(memory, exit_status::from_exit(0));
    REQUIRE(kept(memory, 3).event_count.get() == end_record::most_events);
    CHECK(kind_of(kept(memory, 3), end_record::most_events - 1) == event_kind::asked);
}

TEST_CASE("end note: the log keeps the last 512 ends, each with its own number") {
    program_memory memory = program_of_one();
    constexpr std::uint32_t ends = 600;
    for (std::uint32_t i = 1; i <= ends; ++i) end_clerk(memory, exit_status::from_exit(0), i);
    CHECK(memory.header().ends.get() == ends);
    for (std::uint32_t i = ends - end_log_records + 1; i <= ends; ++i) CHECK(kept(memory, i).lost.get() == i);
    CHECK(memory.log_of_ends().at(1).number.get() == 1 + end_log_records);
}
