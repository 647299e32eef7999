// troupe ps: the actors of a program, what they do, hold and wait for.
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "inspect/observer.hpp"
#include "troupe/actor_table.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/seconds_between.hpp"
#include "troupe/selection.hpp"

namespace troupe::tool {
namespace {

struct wishes {
    double sample = 0.2;
    bool full = false;
};

void show(const inspect::snapshot& in, const invocation& with) {
    const terminal shown_on(with);
    std::puts(headline(in).c_str());
    table_of_actors(in, shown_on).print(shown_on);
    tell_damaged(in);
}

void run(const wishes& wished, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    inspect::observer::wanted what;
    if (wished.full) what = {.channels = true, .cells = true, .lists = true, .pools = true, .graph = true};
    if (wished.sample > 0) {  // of which the CPU time is told
        observer.look({.graph = false});
        std::this_thread::sleep_for(std::chrono::duration<double>(wished.sample));
    }
    const inspect::snapshot found = observer.look(what);
    if (with.json) {
        print(to_json(found, wished.full ? fullness::everything : fullness::actors));
    } else {
        show(found, with);
    }
}

}  // namespace

void add_ps(CLI::App& app, invocation& with) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand("ps", "The actors of a program: what they do, hold and wait for");
    command->add_option("--sample", wished->sample, "Seconds over which the CPU time is measured (0: not at all)")
        ->check(seconds_between(0, 3600))
        ->type_name("SECONDS")
        ->capture_default_str();
    command->add_flag("--full", wished->full, "With --json: channels, locks, names, pools and the wait graph as well");
    command->footer(
        "STATE is `starting`, `running` (between messages), `in TYPE` (in the handler of such a message), `asleep`, "
        "`stopped` (by SIGSTOP), `traced` (a debugger holds it), `down` (its supervisor starts it again) or `dead`. "
        "SINCE is how long it has been so. MEMORY is what is the process's own. QUEUED, BYTES and OLDEST are those of "
        "its mailbox.");
    command->callback([wished, &with] { run(*wished, with); });
}

}  // namespace troupe::tool
