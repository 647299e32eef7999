// troupe doctor: whether programs of troupe have what they need on this machine.
#include <algorithm>
#include <cstdio>

#include "troupe/commands.hpp"
#include "troupe/finding.hpp"
#include "troupe/json.hpp"
#include "troupe/terminal.hpp"

namespace troupe::tool {
namespace {

color color_of(grade state) {
    switch (state) {
    case grade::ok: return color::green;
    case grade::note: return color::yellow;
    case grade::low: break;
    }
    return color::red;
}

void show(const std::vector<finding>& all, const invocation& with) {
    const terminal shown_on(with);
    for (const finding& one : all) {
        std::string state = one.state == grade::low ? "too low" : to_string(one.state);
        state.resize(8, ' ');
        std::string line = shown_on.colored(state, color_of(one.state)) + ' ' + one.name + ": " + one.value;
        if (one.state != grade::ok && !one.needed.empty()) line += " (needed: " + one.needed + ')';
        if (!one.advice.empty()) line += ". " + one.advice;
        std::puts(line.c_str());
    }
}

void run(invocation& with) {
    const std::vector<finding> all = examine();
    const bool low = std::any_of(all.begin(), all.end(), [](const finding& one) { return one.state == grade::low; });
    if (with.json) {
        json it = json_object();
        it["entries"] = json::array();
        for (const finding& one : all) it["entries"].push_back(to_json(one));
        print(it);
    } else {
        show(all, with);
    }
    if (low) with.exit_code = exit_found;
}

}  // namespace

void add_doctor(CLI::App& app, invocation& with) {
    CLI::App* command = app.add_subcommand("doctor", "Whether programs of troupe have what they need on this machine");
    command->footer(
        "It looks at the limits of the shell that it is started from, at the control groups of this process and at the "
        "system; no program has to run. The exit code is 3 if something is too low.");
    command->callback([&with] { run(with); });
}

}  // namespace troupe::tool
