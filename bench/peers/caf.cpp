// How do troupe's figures stand beside those of the C++ Actor Framework, in one process, as it is meant to be used, and
// between processes?
//
// Settings: 2 scheduler threads in one process, and 1 in each of several, which talk through CAF's middleman over TCP
// to 127.0.0.1. What goes one way has credit, as CAF's mailboxes have no bound: 1024 messages, or 16 and 4 of the large
// ones. In one process nobody says where an actor runs, so that there is no figure for different CPUs.

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "caf_actors.hpp"
#include "peer.hpp"

namespace {

using namespace bench::peers;
using bench::placed;
using bench::placement;
using bench::side_process;

struct program {
    const char* name;
    const char* settings;
    std::size_t threads;
};
constexpr program in_one_process{"peer_caf_in_one_process", "in one process, 2 scheduler threads, credit one way", 2};
constexpr program between_processes{
    "peer_caf", "between processes, middleman over TCP to 127.0.0.1, 1 scheduler thread each, credit one way", 1};

struct settings : caf::actor_system_config {
    explicit settings(const program& which) {
        add_message_types<caf::id_block::peer>();
        set("scheduler.max-threads", which.threads);
        if (which.name == between_processes.name) load<caf::io::middleman>();
    }
};

const char* name_of(std::size_t bytes, std::size_t senders) {
    if (senders > 1) return "4 senders 64 B";
    return bytes == small ? "one way 64 B" : bytes == large ? "one way 64 KiB" : "one way 1 MiB";
}

std::string name_of(placement where) { return std::string("round trip 64 B, ") + text(where); }

bool round_trip_in_one(placement where, double seconds) {
    const placed here(where, placed::side::first);
    settings config(in_one_process);
    caf::actor_system system(config);
    bench::rally rally(seconds);
    system.spawn(plays, system.spawn(answers), &rally);
    system.await_all_actors_done();
    return bench::print(rally.result(in_one_process.name, name_of(where)));
}

bool one_way_in_one(std::size_t bytes, std::size_t senders, double seconds) {
    settings config(in_one_process);
    caf::actor_system system(config);
    all_read seen(senders);
    const auto reader = system.spawn(reads, &seen, bytes);
    for (std::uint64_t mine = 0; mine < senders; ++mine) system.spawn(sends, reader, plan{mine, bytes, seconds});
    system.await_all_actors_done();
    return bench::print(seen.result(in_one_process.name, name_of(bytes, senders), bytes));
}

// How the others find an actor.
std::uint16_t publish(caf::actor_system& system, const caf::actor& one) {
    const auto port = system.middleman().publish(one, 0, "127.0.0.1");
    if (!port) throw std::runtime_error("CAF could not publish an actor: " + system.render(port.error()));
    return *port;
}

caf::actor find(caf::actor_system& system, std::uint16_t port) {
    const auto found = system.middleman().remote_actor("127.0.0.1", port);
    if (!found) throw std::runtime_error("CAF did not find an actor: " + system.render(found.error()));
    return *found;
}

bool round_trip_between(placement where, double seconds) {
    const bench::shared<std::uint16_t> port;
    const gate made;
    std::optional<side_process> other;
    other.emplace([&] {
        be_child([&] {
            const placed here(where, placed::side::second);
            settings config(between_processes);
            caf::actor_system system(config);
            *port = publish(system, system.spawn(answers));
            made.open();
            system.await_all_actors_done();
        });
    });
    const placed here(where, placed::side::first);
    settings config(between_processes);
    caf::actor_system system(config);
    made.wait();
    const auto answering = find(system, *port);
    bench::rally rally(seconds);
    system.spawn(plays, answering, &rally);
    system.await_all_actors_done();
    other.reset();
    return bench::print(rally.result(between_processes.name, name_of(where)));
}

bool one_way_between(std::size_t bytes, std::size_t senders, placement where, double seconds) {
    const bench::shared<std::uint16_t> port;
    const gate made, read;
    std::vector<std::unique_ptr<side_process>> crew;
    for (std::uint64_t mine = 0; mine < senders; ++mine) {
        crew.push_back(std::make_unique<side_process>([&, mine] {
            be_child([&] {
                const placed here(where, placed::side::second);
                settings config(between_processes);
                caf::actor_system system(config);
                made.wait();
                system.spawn(sends, find(system, *port), plan{mine, bytes, seconds});
                system.await_all_actors_done();
                read.wait();
            });
        }));
    }
    const placed here(where, placed::side::first);
    settings config(between_processes);
    caf::actor_system system(config);
    all_read seen(senders);
    *port = publish(system, system.spawn(reads, &seen, bytes));
    made.open(senders);
    system.await_all_actors_done();
    read.open(senders);
    crew.clear();
    return bench::print(seen.result(between_processes.name, name_of(bytes, senders), bytes));
}

bool measure(const bench::wishes& told) {
    bool right = true;
    const auto also = [&right](const auto& measured) { right = in_new_processes(measured) && right; };
    print_settings(in_one_process.name, in_one_process.settings);
    for (const placement where : {placement::together, placement::free})
        also([&] { return round_trip_in_one(where, told.seconds); });
    also([&] { return one_way_in_one(small, 1, told.seconds); });
    also([&] { return one_way_in_one(small, many_senders, told.seconds); });

    print_settings(between_processes.name, between_processes.settings);
    for (const placement where : bench::placements)
        if (possible(where)) also([&] { return round_trip_between(where, told.seconds); });
    const placement where = told.free || !possible(placement::apart) ? placement::free : placement::apart;
    for (const std::size_t bytes : {small, large, larger})
        also([&] { return one_way_between(bytes, 1, where, told.seconds); });
    also([&] { return one_way_between(small, many_senders, placement::free, told.seconds); });
    return right;
}

}  // namespace

int main(int argc, char** argv) {
    bench::wishes told;
    if (const auto code = bench::listen("What does CAF give?", {argv + 1, argv + argc}, told)) return *code;
    keep_memory();
    try {
        return measure(told) ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
}
