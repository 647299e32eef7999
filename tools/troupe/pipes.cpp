// troupe pipes: each direction of each pipe, and what is on its way there.
#include <cstdio>

#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

std::string state_of(const inspect::channel_row& one, const inspect::snapshot& in) {
    if (!one.open) return "closed";
    if (!one.waiting_readers.empty()) return joined(names_of(in, one.waiting_readers)) + " waits for a message";
    if (!one.waiting_writers.empty()) return joined(names_of(in, one.waiting_writers)) + " waits for room";
    return "open";
}

void show(const std::vector<inspect::channel_row>& pipes, const inspect::snapshot& in, const invocation& with) {
    if (pipes.empty()) {
        std::puts("The program has no pipes.");
        return;
    }
    table rows({{"PIPE", align::right},
                {"SENDS"},
                {"RECEIVES"},
                {"MESSAGES OF"},
                {"MESSAGES", align::right},
                {"BYTES", align::right},
                {"OLDEST", align::right},
                {"STATE"}});
    const double now = monotonic_now();
    for (const inspect::channel_row& one : pipes) {
        const std::string most = one.at_most ? "<=" : "";
        rows.add({std::to_string(one.id & 0xffff), joined(names_of(in, one.writers), "nobody"),
                  joined(names_of(in, one.readers), "nobody"), one.type.empty() ? "-" : printable(one.type),
                  most + grouped(one.messages), most + grouped(one.bytes), age(one.oldest, now), state_of(one, in)});
    }
    rows.print(terminal(with));
}

void run(const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot found = observer.look({.channels = true, .graph = false});
    std::vector<inspect::channel_row> pipes;
    for (const inspect::channel_row& one : found.channels) {
        if (one.kind == "pipe") pipes.push_back(one);
    }
    if (!with.json) tell_damaged(found);
    if (!with.json) return show(pipes, found, with);
    json it = json_object(found);
    it["pipes"] = to_json(pipes, found, it["taken_at"].get<double>());
    print(it);
}

}  // namespace

void add_pipes(CLI::App& app, invocation& with) {
    CLI::App* command = app.add_subcommand("pipes", "Each direction of each pipe, and what is on its way there");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
