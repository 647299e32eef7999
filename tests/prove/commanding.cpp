// Scenes in which the victim starts commands: from the call to the end of the command, or to the victim's hold of it.
//
// Nothing of the commands is left behind, neither their processes nor what they have started; and the next command of
// somebody else runs as always.
#include <csignal>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using troupe::command;
using troupe::task;

task<> run_one() {
    stand_by(own_id());
    proving_begins();
    co_await command({"true"}).run();
    proving_ends();
}

// It is killed when the victim lets it go, or dies with it.
task<> start_one() {
    stand_by(own_id());
    proving_begins();
    {
        const auto one = co_await command({"sleep", "1000"}).start();
    }
    proving_ends();
}

task<> fail_to_start() {
    stand_by(own_id());
    proving_begins();
    try {
        co_await command({"/no/such/program"}).run();
    } catch (const troupe::spawn_failed&) {
    }
    proving_ends();
}

using victim_function = task<> (*)();

template <victim_function Victim>
task<std::string> commands() {
    const auto victim = co_await troupe::spawn<Victim>();
    const auto end = co_await victim.join();
    if (!end.success() && end.code() != -SIGKILL) co_return "the victim " + to_string(end);
    const auto next = co_await command({"echo", "well"}).run();
    co_return next.output == "well\n" ? "" : "the next command is not as it should be";
}

}  // namespace

std::vector<scene> commanding_scenes() {
    return {
        {"run a command", victim::itself, &commands<&run_one>},
        {"start a command and let it go", victim::itself, &commands<&start_one>},
        {"start a command that is not there", victim::itself, &commands<&fail_to_start>},
    };
}

}  // namespace proving
