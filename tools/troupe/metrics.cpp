// troupe metrics: numbers of a program in the text format of Prometheus.
#include <cstdio>

#include "inspect/ends.hpp"
#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/measurements.hpp"

namespace troupe::tool {
namespace {

void run(const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot in =
        observer.look({.channels = true, .cells = true, .lists = false, .pools = true, .graph = true});
    if (with.json) return print(to_json(in, fullness::everything));
    exposition all;
    measure_program(in, all);
    measure_ends(in, inspect::read_ends(observer.view(), observer.types()), all);
    measure_actors(in, all);
    measure_mailboxes(in, all);
    measure_channels(in, all);
    measure_cells(in, all);
    measure_pools(in, all);
    std::fputs(all.text().c_str(), stdout);
}

}  // namespace

void add_metrics(CLI::App& app, invocation& with) {
    CLI::App* command = app.add_subcommand("metrics", "Numbers of a program in the text format of Prometheus");
    command->footer(
        "For node_exporter, write the output to a file in its folder for texts under another name, and then rename it. "
        "Counters of an actor begin again when it is started again. With --json the output is that of `ps --full`.");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
