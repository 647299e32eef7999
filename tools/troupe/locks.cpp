// troupe locks: locks, shared values and arrays, semaphores, events, barriers: who has them, and who waits.
#include <cstdio>

#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

std::string state_of(const inspect::cell_row& one, const inspect::snapshot& in) {
    if (one.kind == "semaphore") {
        const std::string of = one.of_value != 0 ? " of " + grouped(one.of_value) : std::string();
        const std::string had =
            one.awaited.empty() ? std::string() : ", others are with " + joined(names_of(in, one.awaited));
        return grouped(one.value) + of + (one.value == 1 ? " permit free" : " permits free") + had;
    }
    if (one.kind == "event") return one.value != 0 ? "set" : "not set";
    if (one.kind == "barrier") return grouped(one.value) + " of " + grouped(one.of_value) + " have come";
    if (one.kind == "shared_array") return amount(one.value);
    if (one.holder != 0) return "held by " + name_of(in, one.holder);
    return one.kind == "condition" ? "-" : "free";
}

void show(const inspect::snapshot& in, const invocation& with) {
    if (in.cells.empty()) {
        std::puts("The program has no locks, and no other state that actors share.");
        return;
    }
    table rows({{"LOCK", align::right}, {"KIND"}, {"STATE"}, {"FOR", align::right}, {"WAITING"}, {"HANDLES"}});
    const double now = monotonic_now();
    for (const inspect::cell_row& one : in.cells) {
        rows.add({std::to_string(one.id & 0xffff),
                  printable(one.kind),
                  state_of(one, in),
                  age(one.since, now),
                  {joined(names_of(in, one.waiting), "nobody"), one.waiting.empty() ? color::plain : color::yellow},
                  joined(names_of(in, one.held_by), "nobody")});
    }
    rows.print(terminal(with));
}

void run(const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot found = observer.look({.cells = true, .graph = false});
    if (!with.json) tell_damaged(found);
    if (!with.json) return show(found, with);
    json it = json_object(found);
    it["locks"] = to_json(found.cells, found, it["taken_at"].get<double>());
    print(it);
}

}  // namespace

void add_locks(CLI::App& app, invocation& with) {
    CLI::App* command =
        app.add_subcommand("locks", "Locks, arrays, semaphores, events and barriers: who has them, who waits");
    command->footer(
        "WAITING are the actors that wait, in the order in which they are served. HANDLES are all that "
        "have a handle.");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
