// troupe stack: the calls that an actor is in at this moment, and the coroutines that wait.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/whose_code.hpp"
#include "inspect/observer.hpp"
#include "inspect/stack.hpp"
#include "troupe/actor_table.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

struct wishes {
    std::string actor;
    bool all = false;
};

std::string process_state(char state) {
    switch (state) {
    case 'R': return "running";
    case 'S': return "asleep";
    case 'D': return "waiting in the system";
    case 'T': return "stopped";
    case 't': return "held by a debugger";
    default: return "in state " + std::string(1, state);
    }
}

std::string milliseconds(double value) {
    std::string text(32, '\0');
    text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.1f ms", value)));
    return text;
}

std::string headline(const inspect::actor_row& actor, const inspect::held_stack& found) {
    std::string text = title_of(actor) + ", ";
    if (actor.handling) {
        text += "in " + printable(actor.handling->type) + " for " + age(actor.handling->since, actor.taken_at) + ", ";
    }
    text += process_state(found.state) + ". ";
    return text + (found.held_ms > 0 ? "It was held for " + milliseconds(found.held_ms) + '.'
                                     : "It was not held, because a debugger traces it.");
}

// As the coroutine was declared, without what it returns and takes.
std::string name_of_coroutine(const std::string& function) {
    const std::string name = printable(base::qualified_name(function));
    const bool is_lambda =
        function.find("operator()") != std::string::npos && name.find("operator()") == std::string::npos;
    if (name.empty()) return "a coroutine";
    return is_lambda ? "a lambda in " + name : name;
}

std::string line_of(const inspect::frame_row& frame) {
    std::string text = "  " + (frame.function.empty() ? std::string("?") : printable(frame.function));
    const std::string place = at_place(frame.file, frame.line);
    if (!place.empty()) text += " at " + place;
    if (!place.empty() && !frame.function.empty()) return text;
    std::string offset(32, '\0');
    const auto number = static_cast<unsigned long>(frame.offset);
    offset.resize(static_cast<std::size_t>(std::snprintf(offset.data(), offset.size(), "0x%lx", number)));
    const std::string module = printable(frame.module.substr(frame.module.rfind('/') + 1));
    return text + " (" + (module.empty() ? "" : module + '+') + offset + ')';
}

// The coroutines of a line that are shown, innermost first: those of the program's own code, and all where none is.
std::vector<std::size_t> shown_of(const inspect::coroutine_line& line, bool all) {
    std::vector<std::size_t> every, own;
    for (std::size_t i = 0; i < line.places.size(); ++i) {
        every.push_back(i);
        if (!base::of_troupe({line.functions[i], line.places[i].file, line.places[i].line, {}, 0})) own.push_back(i);
    }
    return all || own.empty() ? every : own;
}

void show_coroutines(const inspect::coroutine_line& line, double now, bool all) {
    const std::vector<std::size_t> shown = shown_of(line, all);
    for (const std::size_t i : shown) {
        std::string text = "  " + name_of_coroutine(line.functions[i]);
        const std::string place = at_place(line.places[i].file, line.places[i].line);
        if (!place.empty()) text += " at " + place;
        if (i == shown.front()) text += ", waits for " + waiting_text(line.why, now);
        std::puts(text.c_str());
    }
}

void show(const inspect::actor_row& actor, const inspect::held_stack& found, const wishes& wished) {
    auto folded = std::count_if(found.frames.begin(), found.frames.end(),
                                [](const inspect::frame_row& one) { return one.of_runtime; });
    for (const inspect::coroutine_line& one : found.waiting) {
        folded += static_cast<std::ptrdiff_t>(one.places.size() - shown_of(one, false).size());
    }
    std::string title = headline(actor, found);
    if (folded > 0 && !wished.all) {
        title += " (" + counted(static_cast<std::uint64_t>(folded), "frame") + " of the runtime; --all)";
    }
    std::puts(title.c_str());
    for (const inspect::frame_row& one : found.frames) {
        if (wished.all || !one.of_runtime) std::puts(line_of(one).c_str());
    }
    for (std::size_t i = 0; i < found.waiting.size(); ++i) {
        if (i > 0) std::puts("");
        show_coroutines(found.waiting[i], actor.taken_at, wished.all);
    }
#ifndef TROUPE_SYMBOLS
    std::fputs("troupe: this troupe was built without libdw, which names calls: install libdw-dev and build it again\n",
               stderr);
#endif
}

json object_of(const inspect::coroutine_line& line) {
    json it = {{"why", to_json(line.why)}, {"places", json::array()}};
    for (std::size_t i = 0; i < line.places.size(); ++i) {
        it["places"].push_back(
            {{"function", line.functions[i]}, {"file", line.places[i].file}, {"line", line.places[i].line}});
    }
    return it;
}

json object_of(const inspect::snapshot& in, const inspect::actor_row& actor, const inspect::held_stack& found) {
    json it = json_object(in);
    it["actor"] = actor.id;
    it["name"] = actor.name;
    it["pid"] = pid_of(actor);
    it["state"] = std::string(1, found.state);
    it["held_ms"] = found.held_ms;
    it["frames"] = to_json(found.frames);
    it["waiting"] = json::array();
    for (const inspect::coroutine_line& one : found.waiting) it["waiting"].push_back(object_of(one));
    return it;
}

void run(const wishes& wished, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot in = observer.look({.graph = false});
    if (!with.json) tell_damaged(in);
    const inspect::actor_row& actor = find_actor(in, wished.actor);
    const inspect::held_stack found = inspect::read_stack(observer, actor);
    if (with.json) {
        print(object_of(in, actor, found));
    } else {
        show(actor, found, wished);
    }
}

}  // namespace

void add_stack(CLI::App& app, invocation& with) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand("stack", "The calls that an actor is in, and the coroutines that wait");
    command->add_option("actor", wished->actor, "The actor: its name, its pid, or slot:7")
        ->required()
        ->type_name("ACTOR");
    command->add_flag("--all", wished->all, "Show the frames of troupe, of the standard library and of the system too");
    command->footer(
        "The process is held for some milliseconds, which takes the right to trace it, and goes on; one that is "
        "stopped "
        "stays stopped. First come the calls of its thread, then each coroutine that waits, and under it those that "
        "wait "
        "for it.");
    command->callback([wished, &with] { run(*wished, with); });
}

}  // namespace troupe::tool
