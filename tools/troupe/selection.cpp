#include "troupe/selection.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <numeric>
#include <optional>
#include <utility>

#include "inspect/failure.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using inspect::actor_row;

std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

bool has_process(const actor_row& one) {
    return one.state != inspect::actor_state::dead && one.state != inspect::actor_state::down;
}

// Letters to change, to put in or to take away, and neighbours to exchange.
std::size_t distance(const std::string& from, const std::string& to) {
    std::vector<std::size_t> before, last, row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        before = std::exchange(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1)});
            const bool exchanged = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (exchanged) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row.back();
}

std::vector<const actor_row*> called(const inspect::snapshot& in, const std::string& name) {
    std::vector<const actor_row*> found;
    for (const actor_row& one : in.actors) {
        if (one.name == name) found.push_back(&one);
    }
    // Those that have ended are meant only where nobody else is called so.
    if (std::any_of(found.begin(), found.end(), [](const actor_row* one) { return has_process(*one); })) {
        std::erase_if(found, [](const actor_row* one) { return one->state == inspect::actor_state::dead; });
    }
    return found;
}

std::vector<const actor_row*> at_slot(const inspect::snapshot& in, const std::string& text) {
    const std::optional<std::int64_t> slot = number_of(std::string_view(text).substr(5));
    if (!slot) throw inspect::failure("'" + printable(text) + "' is no slot: write it as slot:7");
    std::vector<const actor_row*> found;
    for (const actor_row& one : in.actors) {
        if (one.slot == *slot) found.push_back(&one);
    }
    return found;
}

std::vector<const actor_row*> with_pid(const inspect::snapshot& in, std::int64_t pid) {
    const auto fits = [&](const auto& of) {
        std::vector<const actor_row*> found;
        for (const actor_row& one : in.actors) {
            if (of(one) == pid && has_process(one)) found.push_back(&one);
        }
        return found;
    };
    // The pid that one sees from here comes before the one that a container gives.
    const auto outer = fits([](const actor_row& one) { return one.outer_pid; });
    return outer.empty() ? fits([](const actor_row& one) { return one.pid; }) : outer;
}

[[noreturn]] void refuse_several(const std::string& text, const std::vector<const actor_row*>& found) {
    std::vector<std::string> pids;
    for (const actor_row* one : found) pids.push_back(std::to_string(pid_of(*one)));
    const bool all_alive =
        std::all_of(found.begin(), found.end(), [](const actor_row* one) { return pid_of(*one) > 0; });
    if (all_alive) {
        throw inspect::failure(std::to_string(found.size()) + " actors are called '" + text + "': pids " +
                               joined(pids) + "; name one by its pid");
    }
    std::vector<std::string> slots;
    for (const actor_row* one : found) slots.push_back("slot:" + std::to_string(one->slot));
    throw inspect::failure(std::to_string(found.size()) + " actors are called '" + text + "': " + joined(slots) +
                           "; name one so");
}

[[noreturn]] void refuse_none(const inspect::snapshot& in, const std::string& text) {
    std::vector<std::string> names;
    for (const actor_row& one : in.actors) names.push_back(one.name);
    const std::string near = nearest(text, names);
    throw inspect::failure("no actor is called '" + printable(text) + "'" +
                           (near.empty() ? "; troupe ps lists them" : "; did you mean '" + printable(near) + "'?"));
}

}  // namespace

const actor_row& find_actor(const inspect::snapshot& in, const std::string& text) {
    std::vector<const actor_row*> found = called(in, text);
    if (found.empty() && text.rfind("slot:", 0) == 0) {
        found = at_slot(in, text);
        if (found.empty())
            throw inspect::failure("no actor has " + printable(text) + "; troupe ps --json lists the slots");
    }
    if (const std::optional<std::int64_t> pid = number_of(text); found.empty() && pid && *pid > 0) {
        found = with_pid(in, *pid);
        if (found.empty()) {
            throw inspect::failure("process " + text + " is no actor of program " + std::to_string(pid_of(in.program)) +
                                   "; troupe ps lists them");
        }
    }
    if (found.empty()) refuse_none(in, text);
    if (found.size() > 1) refuse_several(printable(text), found);
    return *found.front();
}

const actor_row* find_actor(const inspect::snapshot& in, std::uint64_t id) {
    const auto found =
        std::find_if(in.actors.begin(), in.actors.end(), [&](const actor_row& one) { return one.id == id; });
    return found == in.actors.end() ? nullptr : &*found;
}

std::string name_of(const actor_row& actor) {
    const std::string name = printable(actor.name);
    return name.empty() ? "slot " + std::to_string(actor.slot) : name;
}

std::string name_of(const inspect::snapshot& in, std::uint64_t id) {
    if (id == 0) return "nobody";
    const actor_row* actor = find_actor(in, id);
    return actor != nullptr ? name_of(*actor) : "an actor that has ended";
}

std::vector<std::string> names_of(const inspect::snapshot& in, const std::vector<std::uint64_t>& ids) {
    std::vector<std::string> names;
    for (const std::uint64_t id : ids) names.push_back(name_of(in, id));
    return names;
}

std::int32_t pid_of(const actor_row& actor) { return actor.outer_pid > 0 ? actor.outer_pid : actor.pid; }

std::int32_t pid_of(const inspect::program_row& program) {
    return program.outer_pid > 0 ? program.outer_pid : program.pid;
}

std::string title_of(const actor_row& actor) {
    return name_of(actor) + (pid_of(actor) > 0 ? " (pid " + std::to_string(pid_of(actor)) + ")"
                                               : " (slot " + std::to_string(actor.slot) + ")");
}

void tell_damaged(const inspect::snapshot& in) {
    for (const std::string& sentence : in.damaged) std::fprintf(stderr, "troupe: %s\n", printable(sentence).c_str());
}

std::string nearest(const std::string& text, const std::vector<std::string>& words) {
    std::size_t least = std::max<std::size_t>(1, text.size() / 3) + 1;
    std::string found;
    if (text.size() > 200) return found;
    for (const std::string& word : words) {
        if (word.empty() || word.size() > 200) continue;
        const std::size_t far = distance(text, word);
        if (far < least) {
            least = far;
            found = word;
        }
    }
    return found;
}

}  // namespace troupe::tool
