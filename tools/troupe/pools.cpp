// troupe pools: how far the tasks of each pool are.
#include <cstdio>

#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

void show(const inspect::snapshot& in, const context& with) {
    if (in.pools.empty()) {
        std::puts("The program has no pools.");
        return;
    }
    table rows({{"POOL"},
                {"OF"},
                {"WORKERS", align::right},
                {"WAITING", align::right},
                {"RUNNING", align::right},
                {"DONE", align::right},
                {"FAILED", align::right},
                {"REPLACED", align::right}});
    for (const inspect::pool_row& one : in.pools) {
        rows.add({one.name.empty() ? "-" : printable(one.name),
                  name_of(in, one.owner),
                  grouped(one.workers.size()),
                  grouped(one.waiting),
                  grouped(one.running),
                  grouped(one.done),
                  {grouped(one.failed), one.failed != 0 ? color::red : color::plain},
                  grouped(one.replaced)});
    }
    rows.print(terminal(with));
}

void run(const context& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot found = observer.look({.pools = true, .graph = false});
    if (!with.json) return show(found, with);
    json it = json_object(found);
    it["pools"] = to_json(found.pools, found);
    print(it);
}

}  // namespace

void add_pools(CLI::App& app, context& with) {
    CLI::App* command = app.add_subcommand("pools", "Each pool: its workers, and how far its tasks are");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
