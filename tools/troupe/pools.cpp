// troupe pools: whose each pool is, and how many of its workers have a task.
#include <cstdio>

#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

void show(const inspect::snapshot& in, const invocation& with) {
    if (in.pools.empty()) {
        std::puts("The program has no pools.");
        return;
    }
    table rows({{"POOL"}, {"OF"}, {"WORKERS", align::right}, {"BUSY", align::right}});
    for (const inspect::pool_row& one : in.pools) {
        rows.add({one.name.empty() ? "-" : printable(one.name), name_of(in, one.owner), grouped(one.workers.size()),
                  grouped(one.running)});
    }
    rows.print(terminal(with));
}

void run(const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot found = observer.look({.pools = true, .graph = false});
    if (!with.json) return show(found, with);
    json it = json_object(found);
    it["pools"] = to_json(found.pools, found);
    print(it);
}

}  // namespace

void add_pools(CLI::App& app, invocation& with) {
    CLI::App* command = app.add_subcommand("pools", "Each pool: its workers, and how many have a task");
    command->footer("How many tasks wait, or are done, is known to the owner of a pool alone, in its own memory.");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
