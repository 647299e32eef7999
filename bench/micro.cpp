// What do the parts cost inside one process, without anybody who waits: the ring, the codec, and a coroutine?
//
// Google Benchmark runs them; beside each stands the least that the same work can be done with.

#include <troupe/troupe.hpp>

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "floor_ring.hpp"
#include "message.hpp"
#include "shm/ring_reader.hpp"
#include "shm/ring_writer.hpp"

namespace {

namespace shm = troupe::shm;
using bench::letter;
using flat64 = bench::flat<64>;
using flat56 = bench::flat<56>;  // with the record's own word it fills one granule

void told(benchmark::State& state, std::size_t errors) { state.counters["errors"] = static_cast<double>(errors); }

void bare_ring(benchmark::State& state) {
    const auto ring = std::make_unique<bench::spsc_ring<flat56, 1024, 1>>();
    flat56 message;
    std::size_t errors = 0;
    std::uint64_t number = 0;
    for ([[maybe_unused]] auto _ : state) {
        message.write(number);
        ring->send(message);
        const flat56 back = ring->receive();
        if (back.number() != number++ || !back.whole()) ++errors;
    }
    told(state, errors);
}

// Memory for a ring that nobody else maps.
class own_memory {
public:
    explicit own_memory(std::size_t bytes) : at_(new(alignment) std::byte[bytes]()) {}
    ~own_memory() { ::operator delete[](at_, alignment); }
    own_memory(const own_memory&) = delete;
    own_memory& operator=(const own_memory&) = delete;
    std::byte* get() const noexcept { return at_; }

private:
    static constexpr std::align_val_t alignment{128};
    std::byte* at_;
};

void ring(benchmark::State& state) {
    constexpr std::uint32_t granules = 1024;
    const own_memory memory(shm::ring::bytes(granules));
    const shm::ring ring = shm::ring::format(memory.get(), granules, shm::reader_mode::one);
    const shm::liveness nobody_dies{[](const void*, shm::owner_id) noexcept { return false; }, nullptr};
    shm::ring_writer writer(ring, shm::owner_id::make(1, 0));
    shm::ring_reader reader(ring, nobody_dies);
    flat56 message, back;
    std::size_t errors = 0;
    std::uint64_t number = 0;
    for ([[maybe_unused]] auto _ : state) {
        message.write(number);
        shm::claim place;
        if (writer.try_claim(sizeof message, shm::most_messages, place) != shm::room::claimed) {
            ++errors;
            continue;
        }
        std::memcpy(place.payload(), &message, sizeof message);
        static_cast<void>(place.commit(1));
        shm::record found;
        if (reader.look(found) != shm::sight::message || found.bytes != sizeof back) {
            ++errors;
            continue;
        }
        std::memcpy(&back, found.payload, sizeof back);
        reader.consume(found);
        reader.flush_when_due();
        if (back.number() != number++ || !back.whole()) ++errors;
    }
    told(state, errors);
}

void copy_flat(benchmark::State& state) {
    flat64 message, back{};
    std::size_t errors = 0;
    std::uint64_t number = 0;
    for ([[maybe_unused]] auto _ : state) {
        message.write(number);
        benchmark::DoNotOptimize(message);
        std::memcpy(&back, &message, sizeof back);
        benchmark::DoNotOptimize(back);
        if (back.number() != number++ || !back.whole()) ++errors;
    }
    told(state, errors);
}

template <class M>
void encode(benchmark::State& state, M message) {
    troupe::detail::outgoing out;
    std::size_t errors = 0;
    std::uint64_t number = 0;
    for ([[maybe_unused]] auto _ : state) {
        message.write(number++);
        out.clear();
        troupe::detail::encode(message, out);
        benchmark::DoNotOptimize(out.bytes.data());
        benchmark::ClobberMemory();
    }
    M back{};
    troupe::detail::decode(troupe::detail::as_incoming(out), back);
    if (back.number() != number - 1 || !back.whole()) ++errors;
    told(state, errors);
}

// Into a value of its own each time, as a receive does.
template <class M>
void decode(benchmark::State& state, M message) {
    troupe::detail::outgoing out;
    message.write(71);
    troupe::detail::encode(message, out);
    std::size_t errors = 0;
    for ([[maybe_unused]] auto _ : state) {
        benchmark::DoNotOptimize(out.bytes.data());  // as if the bytes were new
        benchmark::ClobberMemory();
        M back{};
        troupe::detail::decode(troupe::detail::as_incoming(out), back);
        benchmark::DoNotOptimize(back);
        if (back.number() != 71 || !back.whole()) ++errors;
    }
    told(state, errors);
}

void allocate_frame(benchmark::State& state) {
    constexpr std::size_t about_a_frame = 160;
    std::size_t errors = 0;
    for ([[maybe_unused]] auto _ : state) {
        void* const frame = std::malloc(about_a_frame);
        benchmark::DoNotOptimize(frame);
        if (frame == nullptr) ++errors;
        std::free(frame);
    }
    told(state, errors);
}

[[gnu::noinline]] troupe::task<std::uint64_t> echo(std::uint64_t number) { co_return number; }

troupe::task<std::size_t> await_echoes(benchmark::State* state) {
    std::size_t errors = 0;
    std::uint64_t number = 0;
    for ([[maybe_unused]] auto _ : *state) {
        const std::uint64_t back = co_await echo(number);
        if (back != number++) ++errors;
    }
    co_return errors;
}

void coroutine(benchmark::State& state) { told(state, troupe::sync_wait(await_echoes(&state))); }

// Prints what the others print. Time on a CPU: nothing here waits, so what the others on this machine take is left out.
class printer : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& one : runs) {
            const auto found = one.counters.find("errors");
            const bool told = !one.error_occurred && found != one.counters.end();
            right_ = bench::print({.program = "micro",
                                   .name = one.benchmark_name(),
                                   .unit = "ns",
                                   .value = one.GetAdjustedCPUTime(),
                                   .count = static_cast<std::size_t>(one.iterations),
                                   .errors = told ? static_cast<std::size_t>(found->second.value) : 1}) &&
                     right_;
        }
    }
    bool right() const noexcept { return right_; }

private:
    bool right_ = true;
};

void encode_flat(benchmark::State& state) { encode(state, flat64{}); }
void decode_flat(benchmark::State& state) { decode(state, flat64{}); }
void encode_letter(benchmark::State& state) { encode(state, letter::make()); }
void decode_letter(benchmark::State& state) { decode(state, letter::make()); }

BENCHMARK(bare_ring)->Name("bare ring push + pop");
BENCHMARK(ring)->Name("ring push + pop");
BENCHMARK(copy_flat)->Name("memcpy 64 B");
BENCHMARK(encode_flat)->Name("flat 64 B encode");
BENCHMARK(decode_flat)->Name("flat 64 B decode");
BENCHMARK(encode_letter)->Name("letter encode");
BENCHMARK(decode_letter)->Name("letter decode");
BENCHMARK(allocate_frame)->Name("malloc + free");
BENCHMARK(coroutine)->Name("coroutine create + await");

// A plain function: sync_wait, in the measurements, is not for the inside of a coroutine.
int program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.3};
    const auto code = bench::listen("What do the parts cost inside one process?", std::move(arguments), told);
    if (code) return *code;
    std::string name = "micro", least = "--benchmark_min_time=" + std::to_string(told.seconds);
    std::vector<char*> words{name.data(), least.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, words.data());
    printer results;
    benchmark::RunSpecifiedBenchmarks(&results);
    return results.right() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
