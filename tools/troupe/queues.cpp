// troupe queues: how full each queue is, how fast it moves, and who has its ends.
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/seconds_between.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

std::vector<cell> row_of(const inspect::channel_row& one, const inspect::snapshot& in, double now) {
    const std::string most = one.at_most ? "<=" : "";
    std::vector<std::string> waiting;
    for (const std::string& name : names_of(in, one.waiting_readers)) waiting.push_back(name + " for an item");
    for (const std::string& name : names_of(in, one.waiting_writers)) waiting.push_back(name + " for room");
    const bool is_full = one.capacity != 0 && one.messages >= one.capacity;
    return {std::to_string(one.id & 0xffff),
            one.made_by_name.empty() ? "-" : printable(one.made_by_name),
            one.type.empty() ? "-" : printable(one.type),
            {most + grouped(one.messages), is_full ? color::yellow : color::plain},
            one.capacity != 0 ? grouped(one.capacity) : "-",
            most + grouped(one.bytes),
            rate(one.in_per_second),
            rate(one.out_per_second),
            age(one.oldest, now),
            joined(names_of(in, one.readers), "nobody"),
            joined(names_of(in, one.writers), "nobody"),
            joined(waiting, "nobody")};
}

void show(const std::vector<inspect::channel_row>& queues, const inspect::snapshot& in, const invocation& with) {
    if (queues.empty()) {
        std::puts("The program has no queues.");
        return;
    }
    table rows({{"QUEUE", align::right},
                {"MADE BY"},
                {"ITEMS OF"},
                {"ITEMS", align::right},
                {"OF", align::right},
                {"BYTES", align::right},
                {"IN/s", align::right},
                {"OUT/s", align::right},
                {"OLDEST", align::right},
                {"READERS"},
                {"WRITERS"},
                {"WAITING"}});
    const double now = monotonic_now();
    for (const inspect::channel_row& one : queues) rows.add(row_of(one, in, now));
    rows.print(terminal(with));
}

void run(double sample, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    if (sample > 0) {  // of which the rates are told
        observer.look({.channels = true, .graph = false});
        std::this_thread::sleep_for(std::chrono::duration<double>(sample));
    }
    const inspect::snapshot found = observer.look({.channels = true, .graph = false});
    std::vector<inspect::channel_row> queues;
    for (const inspect::channel_row& one : found.channels) {
        if (one.kind == "queue") queues.push_back(one);
    }
    if (!with.json) tell_damaged(found);
    if (!with.json) return show(queues, found, with);
    json it = json_object(found);
    it["queues"] = to_json(queues, found, it["taken_at"].get<double>());
    print(it);
}

}  // namespace

void add_queues(CLI::App& app, invocation& with) {
    auto sample = std::make_shared<double>(0.2);
    CLI::App* command = app.add_subcommand("queues", "Each queue: its items, how fast it moves, who has its ends");
    command->add_option("--sample", *sample, "Seconds over which the rates are measured (0: not at all)")
        ->check(seconds_between(0, 3600))
        ->type_name("SECONDS")
        ->capture_default_str();
    command->footer(
        "READERS and WRITERS are the actors that have a handle; WAITING are those that sleep until there "
        "is an item, or room for one.");
    command->callback([sample, &with] { run(*sample, with); });
}

}  // namespace troupe::tool
