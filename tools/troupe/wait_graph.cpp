// troupe wait-graph: which actors wait for one another, and where that never ends.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "inspect/observer.hpp"
#include "troupe/actor_table.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using inspect::snapshot;

// "reply to inspected::poke"
std::string reason(const inspect::wait_edge& edge) {
    const std::string type = printable(edge.why.type);
    if (edge.why.kind == "reply") return type.empty() ? "reply" : "reply to " + type;
    if (edge.why.kind == "end") return "end";
    if (edge.why.kind == "room") return "room in its mailbox";
    std::string cell = printable(edge.why.kind) + ' ' + std::to_string(edge.why.of & 0xffff);
    if (edge.why.kind == "permit") cell = "permit of semaphore " + std::to_string(edge.why.of & 0xffff);
    if (edge.needed != 0) cell += " (others can do it as well)";
    return cell;
}

std::string details(const inspect::wait_edge& edge, double now) {
    std::string text = reason(edge);
    if (edge.why.since > 0) text += ", " + age(edge.why.since, now);
    const std::string place = at_place(edge.place.file, edge.place.line);
    if (!place.empty()) text += ", at " + place;
    if (!edge.in_handler.empty()) text += ", in its handler of " + printable(edge.in_handler);
    return text;
}

// "left -> right -> left"
std::string way_of(const inspect::wait_cycle& cycle, const snapshot& in) {
    std::string text;
    for (const std::uint64_t id : cycle.actors) text += name_of(in, id) + " -> ";
    return cycle.actors.empty() ? text : text + name_of(in, cycle.actors.front());
}

std::string prospect(const inspect::wait_cycle& cycle, double now) {
    if (cycle.deadline) {
        return "It ends in " + duration(*cycle.deadline - now) + ", when the first of them does not wait any longer.";
    }
    if (!cycle.deadlock) return "One of them still receives, or waits for a time, so it may end.";
    return "None of them receives meanwhile, and none has a deadline: it never ends.";
}

void show(const snapshot& in, const invocation& with) {
    const terminal shown_on(with);
    const double now = monotonic_now();
    if (in.edges.empty()) std::puts("No actor waits for another one.");
    std::size_t wide = 0;
    const auto way = [&](const inspect::wait_edge& edge) {
        return name_of(in, edge.from) + " -> " + name_of(in, edge.to);
    };
    for (const inspect::wait_edge& edge : in.edges) wide = std::max(wide, width_of(way(edge)));
    for (const inspect::wait_edge& edge : in.edges) {
        const std::string names = way(edge);
        std::puts((names + std::string(wide - width_of(names) + 4, ' ') + details(edge, now)).c_str());
    }
    for (std::size_t i = 0; i < in.cycles.size(); ++i) {
        const inspect::wait_cycle& cycle = in.cycles[i];
        std::string text = "cycle " + std::to_string(i + 1) + ": " + way_of(cycle, in);
        if (cycle.since > 0) text += ", for " + age(cycle.since, now);
        text += ". " + prospect(cycle, now);
        std::puts(shown_on.colored(text, color::red).c_str());
    }
}

std::string in_quotes(const std::string& text) {
    std::string all = "\"";
    for (const char one : text) {
        if (one == '"' || one == '\\') all += '\\';
        all += one;
    }
    return all + '"';
}

bool are_in_one_cycle(const snapshot& in, const inspect::wait_edge& edge) {
    return std::any_of(in.cycles.begin(), in.cycles.end(), [&](const inspect::wait_cycle& cycle) {
        for (std::size_t i = 0; i < cycle.actors.size(); ++i) {
            const std::uint64_t next = cycle.actors[(i + 1) % cycle.actors.size()];
            if (cycle.actors[i] == edge.from && next == edge.to) return true;
        }
        return false;
    });
}

void show_dot(const snapshot& in) {
    const double now = monotonic_now();
    std::set<std::uint64_t> nodes;
    for (const inspect::wait_edge& edge : in.edges) {
        nodes.insert(edge.from);
        nodes.insert(edge.to);
    }
    std::puts("digraph waits {\n    node [shape=box, fontname=\"sans-serif\"];\n    edge [fontname=\"sans-serif\"];");
    for (const std::uint64_t id : nodes) {
        std::printf("    n%llu [label=%s];\n", static_cast<unsigned long long>(id), in_quotes(name_of(in, id)).c_str());
    }
    for (const inspect::wait_edge& edge : in.edges) {
        std::printf("    n%llu -> n%llu [label=%s%s];\n", static_cast<unsigned long long>(edge.from),
                    static_cast<unsigned long long>(edge.to), in_quotes(details(edge, now)).c_str(),
                    are_in_one_cycle(in, edge) ? ", color=red, fontcolor=red" : "");
    }
    std::puts("}");
}

enum class form { text, dot };

void run(form as, invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const snapshot found = observer.look({.channels = true, .cells = true, .graph = true});
    if (as == form::dot || !with.json) tell_damaged(found);
    if (as == form::dot) {
        show_dot(found);
    } else if (with.json) {
        json it = json_object(found);
        it["edges"] = to_json(found.edges, found);
        it["cycles"] = to_json(found.cycles, found);
        print(it);
    } else {
        show(found, with);
    }
    if (!found.cycles.empty()) with.exit_code = exit_found;
}

}  // namespace

void add_wait_graph(CLI::App& app, invocation& with) {
    auto as_dot = std::make_shared<bool>(false);
    CLI::App* command =
        app.add_subcommand("wait-graph", "Which actors wait for one another, and where that never ends");
    command->add_flag("--dot", *as_dot, "Print the graph for graphviz: troupe wait-graph --dot | dot -Tsvg");
    command->footer(
        "Each line is one actor that waits for another one: for a reply, for its end, for a lock or a permit that it "
        "has, for its coming to a barrier, or for room in its mailbox. Where several can end a wait, there is a line "
        "for each. The exit code is 3 where some of them wait in a circle.");
    command->callback([as_dot, &with] { run(*as_dot ? form::dot : form::text, with); });
}

}  // namespace troupe::tool
