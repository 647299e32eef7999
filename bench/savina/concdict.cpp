// Savina's concurrent dictionary: how long do 200,000 reads and writes of one dictionary by 20 actors take?
//
// The dictionary is an actor that holds 524,287 entries from the start. A worker asks it 10,000 times, a tenth of them
// to write, and waits for each answer. The time is from the first worker's start until the last has told that it is
// done. What is written at a key leaves the key as its remainder, so that every read can be checked, and every entry at
// the end; the dictionary must have seen as many reads and writes as the workers asked for.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_requests = 10'000, workers = 20, write_percentage = 10;
constexpr std::uint64_t keys = 0x7fff'ffff / 4096;

struct write {
    using reply = std::uint64_t;  // the value
    std::uint64_t key, value;
};
struct read {
    using reply = std::uint64_t;
    std::uint64_t key;
};
struct contents {
    std::uint64_t size, reads, writes, wrong;
};
struct inspect {
    using reply = contents;
};

troupe::task<> dictionary(troupe::mailbox<write, read, inspect> inbox) {
    std::unordered_map<std::uint64_t, std::uint64_t> entries;
    entries.reserve(keys);
    for (std::uint64_t key = 0; key < keys; ++key) entries.emplace(key, key);
    std::uint64_t reads = 0, writes = 0;
    co_await inbox.serve(
        [&](write m) {
            ++writes;
            return entries[m.key] = m.value;
        },
        [&](read m) {
            ++reads;
            const auto found = entries.find(m.key);
            return found == entries.end() ? keys + m.key + 1 : found->second;  // a remainder that is no key's own
        },
        [&](inspect) {
            contents told{entries.size(), reads, writes, 0};
            for (const auto& [key, value] : entries)
                if (value % keys != key) ++told.wrong;
            return told;
        });
}

struct begin {};
struct done {
    std::uint64_t reads, writes, wrong;
};

troupe::task<> worker(troupe::mailbox<begin> inbox, troupe::actor<write, read> entries, troupe::actor<done> master,
                      unsigned seed, unsigned requests) {
    std::mt19937 random(seed);
    done mine{};
    if (!co_await inbox.receive()) co_return;
    for (unsigned i = 0; i < requests; ++i) {
        const bool writes = random() % 100 < write_percentage;
        const std::uint64_t key = random() % keys;
        if (writes) {
            const std::uint64_t value = key + keys * random();
            const std::uint64_t back = co_await entries.ask(write{key, value});
            if (back != value) ++mine.wrong;
            ++mine.writes;
        } else {
            const std::uint64_t back = co_await entries.ask(read{key});
            if (back % keys != key) ++mine.wrong;
            ++mine.reads;
        }
    }
    co_await master.send(mine);
}

troupe::task<int> master(troupe::mailbox<done> inbox, bench::savina::wishes told) {
    const unsigned requests = scaled(published_requests, told);
    const auto entries = co_await troupe::spawn<dictionary>();
    std::vector<troupe::actor<begin>> crew;
    crew.reserve(workers);
    for (unsigned i = 0; i < workers; ++i)
        crew.push_back(co_await troupe::spawn<worker>(entries, inbox.address(), i, requests));
    const contents before = co_await entries.ask(inspect{});  // it has been filled

    done all{};
    const std::int64_t start = bench::now_ns();
    for (const auto& one : crew) co_await one.send(begin{});
    for (unsigned i = 0; i < workers; ++i) {
        const auto one = co_await inbox.receive();
        if (!one) co_return 1;
        all = {all.reads + one->reads, all.writes + one->writes, all.wrong + one->wrong};
    }
    const std::int64_t took = bench::now_ns() - start;

    const contents after = co_await entries.ask(inspect{});
    const std::uint64_t sent = std::uint64_t{workers} * requests;
    bool right = before.size == keys && after.size == keys && after.wrong == 0 && all.wrong == 0 &&
                 after.reads == all.reads && after.writes == all.writes && all.reads + all.writes == sent;
    right = co_await bench::savina::dismiss(crew) && right;
    right = co_await bench::savina::dismiss(std::vector{entries}) && right;
    co_return report("concdict", told, took, 2 * sent, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long do 200,000 reads and writes of one dictionary by 20 actors take?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
