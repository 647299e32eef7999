// troupe pools: whose each pool is, what has become of its tasks, and why its workers were replaced.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

// "3: last by signal 11 (SIGSEGV)"
std::string replaced(const inspect::pool_row& one) {
    if (one.replaced == 0) return "-";
    std::string text = grouped(one.replaced);
    if (one.retired == one.replaced) return text + ": they had done their share";
    if (one.retired != 0) text += ", " + grouped(one.retired) + " of them had done their share";
    constexpr std::string_view ended = "was ended ";
    std::string why = printable(one.last_lost);
    if (why.starts_with(ended)) why.erase(0, ended.size());
    return why.empty() ? text : text + ": last " + why;
}

std::vector<cell> counts_of(const inspect::task_row& one) {
    return {grouped(one.waiting),
            grouped(one.running),
            grouped(one.done),
            {grouped(one.failed), one.failed != 0 ? color::red : color::plain}};
}

void show(const inspect::snapshot& in, const invocation& with) {
    if (in.pools.empty()) {
        std::puts("The program has no pools.");
        return;
    }
    table rows({{"POOL"},
                {"OF"},
                {"WORKERS", align::right},
                {"BUSY", align::right},
                {"TASKS OF"},
                {"WAITING", align::right},
                {"RUNNING", align::right},
                {"DONE", align::right},
                {"FAILED", align::right},
                {"REPLACED"}});
    for (const inspect::pool_row& one : in.pools) {
        std::vector<cell> row{one.name.empty() ? "-" : printable(one.name), name_of(in, one.owner),
                              grouped(one.workers.size()), grouped(one.running)};
        const auto add = [&](const std::string& function, const inspect::task_row& tasks) {
            row.emplace_back(function);
            for (cell& count : counts_of(tasks)) row.push_back(std::move(count));
            row.emplace_back(row.front().text.empty() ? "" : replaced(one));
            rows.add(std::exchange(row, {"", "", "", ""}));
        };
        for (const inspect::task_row& tasks : one.functions) {
            add(tasks.function.empty() ? "other functions" : printable(tasks.function), tasks);
        }
        if (!one.functions.empty()) continue;
        if (one.counted) {
            add("-", {});
        } else {
            rows.add(std::move(row));
        }
    }
    rows.print(terminal(with));
}

void run(const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot found = observer.look({.pools = true, .graph = false});
    if (!with.json) tell_damaged(found);
    if (!with.json) return show(found, with);
    json it = json_object(found);
    it["pools"] = to_json(found.pools, found);
    print(it);
}

}  // namespace

void add_pools(CLI::App& app, invocation& with) {
    CLI::App* command =
        app.add_subcommand("pools", "Each pool: its workers, its tasks by function, and why workers were replaced");
    command->footer(
        "WAITING are the tasks that were given in and that no worker has begun. The owner of a pool counts what is "
        "done "
        "when it looks, so while it computes, what its workers have done since is among those that wait. BUSY are the "
        "workers that have tasks.");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
