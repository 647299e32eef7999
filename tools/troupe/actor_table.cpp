#include "troupe/actor_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <vector>

#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using inspect::actor_row;
using inspect::actor_state;

// What stands in front of each name, so that the rows show who started whom. The rows have each parent before its
// children, and the children of one need not stand together.
class tree {
public:
    tree(const std::vector<actor_row>& actors, bool with_lines) : with_lines_(with_lines) {
        for (const actor_row& one : actors) {
            const auto parent = places_.find(one.parent);
            const bool is_root = one.parent == one.id || parent == places_.end();
            if (places_.emplace(one.id, &one).second && !is_root) {
                children_[one.parent].push_back(&one);
            } else {
                roots_.push_back(&one);
            }
        }
        for (std::size_t i = 0; i < roots_.size(); ++i) add(*roots_[i], "", "");
    }

    struct branch {
        const actor_row* actor;
        std::string before;
    };
    const std::vector<branch>& branches() const { return branches_; }

private:
    static constexpr std::size_t deepest = 200;

    void add(const actor_row& one, const std::string& before, const std::string& below) {
        branches_.push_back({&one, before});
        const auto found = children_.find(one.id);
        if (found == children_.end() || places_.at(one.id) != &one || below.size() > deepest * 5) return;
        for (std::size_t i = 0; i < found->second.size(); ++i) {
            const bool is_last = i + 1 == found->second.size();
            const char* line = with_lines_ ? is_last ? "└─ " : "├─ " : is_last ? "`- " : "|- ";
            const char* gap = is_last ? "   " : with_lines_ ? "│  " : "|  ";
            add(*found->second[i], below + line, below + gap);
        }
    }

    bool with_lines_;
    std::map<std::uint64_t, const actor_row*> places_;
    std::map<std::uint64_t, std::vector<const actor_row*>> children_;
    std::vector<const actor_row*> roots_;
    std::vector<branch> branches_;
};

std::string number_of(std::uint64_t id) { return std::to_string(id & 0xffff); }

std::string percent(std::optional<double> cpu) {
    if (!cpu || !std::isfinite(*cpu)) return "-";
    return std::to_string(static_cast<long>(std::min(*cpu, 1e6) * 100 + 0.5)) + '%';
}

bool is_awake(const actor_row& actor) {
    return actor.state == actor_state::running || (actor.state == actor_state::handling && actor.waits.empty());
}

bool has_process(const actor_row& actor) {
    return actor.state != actor_state::dead && actor.state != actor_state::down;
}

double since(const actor_row& actor) { return actor.handling ? actor.handling->since : actor.since; }

cell waits_cell(const actor_row& actor) {
    std::string text = waiting_text(actor);
    if (actor.cycle == 0) return text;
    return {text + "  CYCLE " + std::to_string(actor.cycle), color::red};
}

std::vector<cell> row_of(const tree::branch& branch) {
    const actor_row& actor = *branch.actor;
    const bool counts = actor.mailbox.has_value();
    const std::string most = counts && actor.mailbox->at_most ? "<=" : "";
    return {branch.before + name_of(actor),
            pid_of(actor) > 0 ? std::to_string(pid_of(actor)) : "-",
            {state_text(actor), color_of(actor)},
            age(since(actor), actor.taken_at),
            percent(actor.cpu),
            has_process(actor) ? amount(actor.memory) : "-",
            actor.supervised || actor.restarts > 0 ? grouped(actor.restarts) : "-",
            counts ? most + grouped(actor.mailbox->messages) : "-",
            counts ? most + grouped(actor.mailbox->bytes) : "-",
            counts ? age(actor.mailbox->oldest, actor.taken_at) : "-",
            waits_cell(actor)};
}

}  // namespace

std::string headline(const inspect::snapshot& in) {
    const inspect::program_row& program = in.program;
    const auto mebibytes = [](std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
    const std::uint64_t used = static_cast<std::uint64_t>(mebibytes(program.shared_bytes) * 10 + 0.5);
    return printable(program.name) + " (pid " + std::to_string(pid_of(program)) + ")  up " +
           age(program.began, monotonic_now()) + "  " + counted(in.actors.size(), "actor") + "  " +
           counted(program.restarts, "restart") + "  shared memory " + grouped(used / 10) + '.' +
           std::to_string(used % 10) + " of " +
           grouped(static_cast<std::uint64_t>(mebibytes(program.shared_budget) + 0.5)) + " MiB";
}

table table_of_actors(const inspect::snapshot& in, const terminal& shown_on) {
    table rows({{"ACTOR"},
                {"PID", align::right},
                {"STATE"},
                {"SINCE", align::right},
                {"CPU", align::right},
                {"MEMORY", align::right},
                {"RESTARTS", align::right},
                {"QUEUED", align::right},
                {"BYTES", align::right},
                {"OLDEST", align::right},
                {"WAITS FOR"}});
    const tree lines(in.actors, shown_on.knows_utf8());
    for (const tree::branch& branch : lines.branches()) rows.add(row_of(branch));
    return rows;
}

std::string state_text(const actor_row& actor) {
    std::string text = to_string(actor.state);
    if (actor.state == actor_state::handling) {
        text = actor.handling ? "in " + printable(short_type(actor.handling->type)) : "in a message";
    }
    return actor.stop_requested && has_process(actor) ? text + ", stop requested" : text;
}

color color_of(const actor_row& actor) {
    switch (actor.state) {
    case actor_state::dead:
    case actor_state::down: return color::red;
    case actor_state::stopped:
    case actor_state::traced:
    case actor_state::starting:
    case actor_state::changing: return color::yellow;
    case actor_state::running: return color::green;
    case actor_state::handling: return actor.waits.empty() ? color::green : color::plain;
    case actor_state::asleep: break;
    }
    return color::dim;
}

std::string waiting_text(const inspect::waiting_row& one, double now) {
    const std::string type = printable(short_type(one.type));
    const std::string who = one.of_name.empty() ? std::string("another actor") : printable(one.of_name);
    if (one.kind == "reply") return "reply of " + who + (type.empty() ? "" : " to " + type);
    if (one.kind == "end") return "end of " + who;
    if (one.kind == "time") return one.until ? "time, " + duration(*one.until - now) : std::string("time");
    if (one.kind == "mailbox") return type.empty() ? "mailbox" : "mailbox for " + type;
    if (one.kind == "room")
        return one.of_name.empty() ? "room in channel " + number_of(one.of) : "room in the mailbox of " + who;
    if (one.kind == "command") return "command " + std::to_string(one.of);
    if (one.kind == "descriptor") return "descriptor " + std::to_string(one.of);
    if (one.kind == "permit") return "permit of semaphore " + number_of(one.of);
    if (one.kind == "change") return "change of names or topics";
    std::string text = printable(one.kind);
    if (one.of != 0) text += ' ' + number_of(one.of);
    return one.holder_name.empty() ? text : text + ", which " + printable(one.holder_name) + " has";
}

std::string waiting_text(const actor_row& actor) {
    if (!has_process(actor)) return actor.state == actor_state::down ? "its supervisor to start it" : "-";
    if (is_awake(actor)) return actor.in_system_call ? "a system call: see troupe stack" : "nothing: it runs";
    if (!actor.waits_known) return "not known: it was being written";
    if (actor.waits.empty()) return "-";
    std::vector<std::string> parts;
    for (const inspect::waiting_row& one : actor.waits) {
        std::string text = waiting_text(one, actor.taken_at);
        if (std::find(parts.begin(), parts.end(), text) == parts.end()) parts.push_back(std::move(text));
    }
    if (parts.size() > 3 || actor.waits_more > 0) {
        const std::size_t rest = parts.size() - std::min<std::size_t>(parts.size(), 3);
        parts.resize(parts.size() - rest);
        // How many there were no room for is not known.
        parts.push_back(actor.waits_more > 0 ? "others" : grouped(rest) + " more");
    }
    std::string text = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) text += " or " + parts[i];
    const std::string place = at_place(actor.place.file, actor.place.line);
    return place.empty() ? text : text + "  " + place;
}

}  // namespace troupe::tool
