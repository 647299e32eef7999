// The blocks that are written to while somebody observes: who gets one, and that each is free again, whoever dies.
#include <chrono>
#include <memory>

#include "catch.hpp"
#include "keeper/observing.hpp"
#include "shm/program_memory.hpp"

using namespace troupe::shm;
using namespace std::chrono_literals;
using troupe::base::time_point;
using troupe::keepers::observing;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

// A program without processes, and the part of its keeper that is tested. Time is told.
struct bench {
    program_memory memory;
    std::unique_ptr<observing> keeper;
    time_point now{1h};

    explicit bench(std::size_t budget = 64 * mib) : memory(program_memory::create(budget)) {
        memory.header().most_actors = 10;
        memory.header().turn.begin(10);
        keeper = std::make_unique<observing>(memory);
    }
    std::uint16_t begin_actor() {
        const std::uint16_t slot = memory.processes().claim(0).value();
        memory.process(slot).pid.set(4711);
        memory.process(slot).life.move_on(process_state::running);
        return slot;
    }
    void end_actor(std::uint16_t slot, process_state then = process_state::dead) {
        keeper->note_end(slot);
        memory.process(slot).life.move_on(then);
    }
    void after(std::chrono::nanoseconds time) { keeper->look(now += time); }
    // What a process does at its turn.
    void follow(std::uint16_t slot) {
        const observation::value seen = memory.header().observation.get();
        memory.process(slot).told.doing.recording_in.set(seen.what != 0 ? seen.number : 0);
    }
    std::uint64_t trace_of(std::uint16_t slot) { return memory.process(slot).told.observed.trace.get(); }
    std::uint64_t timing_of(std::uint16_t slot) { return memory.process(slot).told.observed.timing.get(); }
    trace_block& trace_at(std::uint64_t block) {
        return *reinterpret_cast<trace_block*>(memory.blocks().at(block_id{block}));
    }
    std::size_t used() {
        std::size_t count = 0;
        memory.blocks().for_each_used([&](block_id, block_state, owner_id) { ++count; });
        return count;
    }
};

}  // namespace

TEST_CASE("observing: each living actor has a block, and when nobody asks any more all are free") {
    bench it;
    const std::uint16_t one = it.begin_actor();
    const std::uint16_t other = it.begin_actor();
    const std::size_t before = it.memory.blocks().backed_bytes();
    it.keeper->ask(observe_trace, it.now);
    CHECK(it.memory.header().observation.get().what == observe_trace);
    CHECK(it.trace_of(one) != 0);
    CHECK(it.trace_of(other) != 0);
    CHECK(it.trace_of(one) != it.trace_of(other));
    CHECK(it.timing_of(one) == 0);
    CHECK(it.used() == 2);
    it.after(10s);
    CHECK(it.memory.header().observation.get().what == 0);
    CHECK(it.trace_of(one) == 0);
    CHECK(it.used() == 0);
    CHECK(it.memory.blocks().backed_bytes() == before);
    CHECK(it.keeper->look_at(it.now) == time_point::max());
}

TEST_CASE("observing: who asks again goes on, and two who ask for different things have both") {
    bench it;
    const std::uint16_t one = it.begin_actor();
    it.keeper->ask(observe_trace, it.now);
    const std::uint64_t trace = it.trace_of(one);
    it.after(5s);
    it.keeper->ask(observe_timing, it.now);
    CHECK(it.memory.header().observation.get().what == (observe_trace | observe_timing));
    CHECK(it.trace_of(one) == trace);
    it.after(5s);
    CHECK(it.memory.header().observation.get().what == observe_timing);
    CHECK(it.trace_of(one) == 0);
    CHECK(it.used() == 1);
    it.keeper->ask(observe_timing, it.now);
    it.after(5s);
    CHECK(it.timing_of(one) != 0);
    it.after(5s);
    CHECK(it.used() == 0);
}

TEST_CASE("observing: a block is not free before its process has left it") {
    bench it;
    const std::uint16_t one = it.begin_actor();
    it.keeper->ask(observe_trace, it.now);
    it.follow(one);
    it.after(10s);
    CHECK(it.trace_of(one) == 0);
    CHECK(it.used() == 1);
    CHECK(it.keeper->look_at(it.now) < time_point::max());
    it.after(1s);
    CHECK(it.used() == 1);
    it.follow(one);
    it.after(1s);
    CHECK(it.used() == 0);
}

TEST_CASE("observing: a block that was not left yet is used again by whoever asks next") {
    bench it;
    const std::uint16_t one = it.begin_actor();
    it.keeper->ask(observe_trace, it.now);
    const std::uint64_t trace = it.trace_of(one);
    it.follow(one);
    it.after(10s);
    it.keeper->ask(observe_trace, it.now);
    CHECK(it.trace_of(one) == trace);
    it.follow(one);
    it.after(10s);
    CHECK(it.used() == 1);
    it.end_actor(one);
    it.after(1ms);
    CHECK(it.used() == 0);
}

TEST_CASE("observing: an actor that begins meanwhile has a block, and every process looks for its own anew") {
    bench it;
    it.begin_actor();
    it.keeper->ask(observe_trace, it.now);
    const std::uint32_t number = it.memory.header().observation.get().number;
    const std::uint16_t late = it.begin_actor();
    it.after(1ms);
    CHECK(it.trace_of(late) != 0);
    CHECK(it.memory.header().observation.get().number != number);
    CHECK(it.trace_at(it.trace_of(late)).head.incarnation.get() == observed_block::no_incarnation);
    it.after(10s);
    CHECK(it.used() == 0);
}

TEST_CASE("observing: the trace of an actor that ends says so, and is kept for a second") {
    bench it;
    const std::uint16_t one = it.begin_actor();
    it.keeper->ask(observe_trace, it.now);
    const std::uint64_t trace = it.trace_of(one);
    it.follow(one);
    it.end_actor(one);
    it.after(1ms);
    CHECK(it.trace_of(one) == trace);
    CHECK(it.trace_at(trace).count() == 1);
    it.after(2s);
    CHECK(it.trace_of(one) == 0);
    CHECK(it.used() == 0);
    CHECK(it.memory.header().observation.get().what == observe_trace);
}

TEST_CASE("observing: an actor that is started again goes on in its block") {
    bench it;
    const std::uint16_t one = it.begin_actor();
    it.keeper->ask(observe_trace, it.now);
    const std::uint64_t trace = it.trace_of(one);
    it.follow(one);
    it.end_actor(one, process_state::down);
    it.after(5s);
    CHECK(it.trace_of(one) == trace);
    CHECK(it.memory.process(one).told.doing.recording_in.get() == 0);
    it.after(5s);
    CHECK(it.used() == 0);
}

TEST_CASE("observing: where it would take half of the memory, actors have none and nothing fails") {
    bench it(1 * mib);
    const std::uint16_t one = it.begin_actor();
    const std::uint16_t other = it.begin_actor();
    const std::uint16_t third = it.begin_actor();
    it.keeper->ask(observe_trace, it.now);
    CHECK(it.trace_of(one) != 0);
    CHECK(it.trace_of(third) == 0);
    CHECK(it.memory.blocks().backed_bytes() <= mib / 2);
    it.after(10s);
    CHECK(it.used() == 0);
    CHECK(it.trace_of(other) == 0);
}
