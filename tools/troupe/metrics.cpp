// troupe metrics: numbers of a program in the text format of Prometheus.
#include <chrono>
#include <cstdio>
#include <memory>

#include "inspect/ends.hpp"
#include "inspect/observation.hpp"
#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/measurements.hpp"
#include "troupe/selection.hpp"

namespace troupe::tool {
namespace {

constexpr std::chrono::seconds timed_for(1);

void run(bool latency, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    std::vector<inspect::latency_row> measured;
    if (latency) measured = inspect::latencies(observer, timed_for);
    const inspect::snapshot in =
        observer.look({.channels = true, .cells = true, .lists = false, .pools = true, .graph = true});
    if (with.json) return print(to_json(in, fullness::everything));
    tell_damaged(in);
    exposition all;
    measure_program(in, all);
    measure_ends(in, inspect::read_ends(observer.view(), observer.types()), all);
    measure_actors(in, all);
    measure_mailboxes(in, all);
    measure_channels(in, all);
    measure_cells(in, all);
    measure_pools(in, all);
    measure_latency(in, measured, all);
    std::fputs(all.text().c_str(), stdout);
}

}  // namespace

void add_metrics(CLI::App& app, invocation& with) {
    auto latency = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("metrics", "Numbers of a program in the text format of Prometheus");
    CLI::Option* timed = command->add_flag(
        "--latency", *latency, "Time messages for a second as well, which costs the program some 50 ns a message");
    timed->excludes(command->add_flag("--json", with.json, "Print one JSON object"));
    command->footer(
        "For node_exporter, write the output to a file in its folder for texts under another name, and then rename it. "
        "Counters of an actor begin again when it is started again. With --json the output is that of `ps --full`.");
    command->callback([latency, &with] { run(*latency, with); });
}

}  // namespace troupe::tool
