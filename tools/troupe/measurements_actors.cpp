#include <algorithm>
#include <csignal>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "inspect/host_process.hpp"
#include "troupe/json.hpp"
#include "troupe/measurements.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

constexpr double nanoseconds = 1e-9;

std::string program_of(const inspect::snapshot& in) { return printable(in.program.name); }

// The actor stands last, behind what tells those of one name apart.
labels labels_of(const inspect::snapshot& in, const inspect::actor_row& actor) {
    return {{"program", program_of(in)}, {"slot", std::to_string(actor.slot)}, {"actor", name_of(actor)}};
}

using reading = std::function<std::uint64_t(const inspect::actor_row&)>;

void measure_each(const inspect::snapshot& in, exposition& into, const reading& read) {
    for (const inspect::actor_row& one : in.actors) into.add(labels_of(in, one), read(one));
}

double seconds_since(double moment, const inspect::actor_row& actor) {
    return moment > 0 ? std::max(actor.taken_at - moment, 0.0) : 0.0;
}

std::string cause_of(const inspect::end_row& one) {
    if (!one.exception_type.empty()) return "exception";
    if (one.signal == 0) return one.code == 0 ? "exit" : "error";
    const char* name = sigabbrev_np(one.signal);
    return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(one.signal);
}

void measure_states(const inspect::snapshot& in, exposition& into) {
    into.begin("troupe_actor_state", metric::gauge, "1 for the state that the actor is in.");
    for (const inspect::actor_row& one : in.actors) {
        labels of = labels_of(in, one);
        of.insert(of.begin() + 1, {"state", to_string(one.state)});
        into.add(of, std::uint64_t{1});
    }
    into.begin("troupe_handling_seconds", metric::gauge, "How long the handler that runs has been at its message.");
    for (const inspect::actor_row& one : in.actors) {
        if (!one.handling) continue;
        labels of = labels_of(in, one);
        of.insert(of.begin() + 1, {"type", printable(one.handling->type)});
        into.add(of, seconds_since(one.handling->since, one));
    }
}

void measure_costs(const inspect::snapshot& in, exposition& into) {
    into.begin("troupe_actor_memory_bytes", metric::gauge, "Memory that is the process's own.");
    measure_each(in, into, [](const inspect::actor_row& one) { return one.memory; });
    into.begin("troupe_actor_cpu_seconds_total", metric::counter, "CPU time that the process has used.");
    for (const inspect::actor_row& one : in.actors) {
        const auto process = inspect::read_process(pid_of(one));
        if (process) into.add(labels_of(in, one), static_cast<double>(process->cpu_time) * nanoseconds);
    }
    into.begin("troupe_actor_wake_ups_total", metric::counter, "How often the process has woken up.");
    measure_each(in, into, [](const inspect::actor_row& one) { return one.wake_ups; });
}

}  // namespace

void measure_program(const inspect::snapshot& in, exposition& into) {
    const labels program{{"program", program_of(in)}};
    into.begin("troupe_program_info", metric::gauge, "1; the labels say which program this is.");
    into.add({{"program", program_of(in)},
              {"pid", std::to_string(pid_of(in.program))},
              {"version", printable(in.program.library)},
              {"layout", std::to_string(in.program.layout)}},
             std::uint64_t{1});
    into.begin("troupe_start_time_seconds", metric::gauge, "When the program was started, in seconds since 1970.");
    into.add(program, in.program.began_wall);
    into.begin("troupe_actors", metric::gauge, "Actors that have not ended, with the program itself.");
    into.add(program, static_cast<std::uint64_t>(in.actors.size()));
    into.begin("troupe_shared_memory_bytes", metric::gauge, "Shared memory that is in use.");
    into.add(program, in.program.shared_bytes);
    into.begin("troupe_shared_memory_limit_bytes", metric::gauge, "Shared memory that the program may use.");
    into.add(program, in.program.shared_budget);
    into.begin("troupe_program_restarts_total", metric::counter, "How often actors were started again.");
    into.add(program, in.program.restarts);
    into.begin("troupe_ends_total", metric::counter, "Processes of actors that have ended.");
    into.add(program, in.program.ends);
    into.begin("troupe_open_files_in_messages", metric::gauge, "Open files of messages that nobody has received yet.");
    into.add(program, in.program.open_files);
    into.begin("troupe_wait_cycles", metric::gauge, "Circles of actors that wait for each other.");
    into.add(program, static_cast<std::uint64_t>(in.cycles.size()));
    into.begin("troupe_deadlocks", metric::gauge, "Of these circles, those that no message and no time ends.");
    const auto dead = [](const inspect::wait_cycle& one) { return one.deadlock; };
    into.add(program, static_cast<std::uint64_t>(std::count_if(in.cycles.begin(), in.cycles.end(), dead)));
}

void measure_ends(const inspect::snapshot& in, const std::vector<inspect::end_row>& ends, exposition& into) {
    std::map<std::string, std::uint64_t> causes;
    for (const inspect::end_row& one : ends) ++causes[cause_of(one)];
    into.begin("troupe_remembered_ends", metric::gauge, "By cause, the last ends of processes, of which 512 are kept.");
    for (const auto& [cause, number] : causes) into.add({{"program", program_of(in)}, {"cause", cause}}, number);
}

void measure_actors(const inspect::snapshot& in, exposition& into) {
    measure_states(in, into);
    measure_costs(in, into);
    into.begin("troupe_restarts_total", metric::counter, "How often the actor was started again.");
    measure_each(in, into, [](const inspect::actor_row& one) { return one.restarts; });
    into.begin("troupe_messages_sent_total", metric::counter, "Messages that the process has sent.");
    measure_each(in, into, [](const inspect::actor_row& one) { return one.sent; });
    into.begin("troupe_messages_taken_total", metric::counter, "Messages that the process has taken.");
    measure_each(in, into, [](const inspect::actor_row& one) { return one.taken; });
    into.begin("troupe_messages_handled_total", metric::counter, "Messages whose handlers have ended.");
    measure_each(in, into, [](const inspect::actor_row& one) { return one.handled; });
}

void measure_mailboxes(const inspect::snapshot& in, exposition& into) {
    const auto each = [&](const auto& read) {
        for (const inspect::actor_row& one : in.actors) {
            if (one.mailbox) into.add(labels_of(in, one), read(one, *one.mailbox));
        }
    };
    using inspect::actor_row;
    using inspect::mailbox_row;
    into.begin("troupe_mailbox_messages", metric::gauge, "Messages that wait in the mailbox.");
    each([](const actor_row&, const mailbox_row& box) { return box.messages; });
    into.begin("troupe_mailbox_bytes", metric::gauge, "Bytes of these messages.");
    each([](const actor_row&, const mailbox_row& box) { return box.bytes; });
    into.begin("troupe_mailbox_oldest_seconds", metric::gauge, "Age of the oldest of these messages, 0 without one.");
    each([](const actor_row& one, const mailbox_row& box) { return seconds_since(box.oldest.value_or(0), one); });
    into.begin("troupe_mailbox_used_ratio", metric::gauge, "How much of the mailbox is in use, from 0 to 1.");
    each([](const actor_row&, const mailbox_row& box) {
        return box.of_granules != 0 ? static_cast<double>(box.granules) / static_cast<double>(box.of_granules) : 0.0;
    });
}

}  // namespace troupe::tool
