// troupe names: public names, topics and groups, and who is behind them.
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
    if (in.names.empty() && in.circles.empty()) {
        std::puts("The program has no public names, no topics and no groups.");
        return;
    }
    table rows({{"KIND"}, {"NAME"}, {"MESSAGES OF"}, {"ACTORS"}});
    for (const inspect::name_row& one : in.names) rows.add({"name", printable(one.name), "-", name_of(in, one.actor)});
    for (const inspect::circle_row& one : in.circles) {
        rows.add({printable(one.kind), printable(one.name), one.type.empty() ? "-" : printable(one.type),
                  joined(names_of(in, one.actors), "nobody")});
    }
    rows.print(terminal(with));
}

void run(const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot found = observer.look({.lists = true, .graph = false});
    if (!with.json) tell_damaged(found);
    if (!with.json) return show(found, with);
    json it = json_object(found);
    it["names"] = to_json(found.names, found);
    it["circles"] = to_json(found.circles, found);
    print(it);
}

}  // namespace

void add_names(CLI::App& app, invocation& with) {
    CLI::App* command = app.add_subcommand("names", "Public names, topics and groups, and the actors behind them");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
