#include "troupe/top_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "troupe/actor_table.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using inspect::actor_row;
using rows = std::vector<std::vector<cell>>;

std::string percent(const std::optional<double>& cpu) {
    if (!cpu || !std::isfinite(*cpu)) return "-";
    return std::to_string(std::lround(std::min(*cpu, 1e6) * 100)) + '%';
}

double measure(const actor_row& one, const rate_meter& rates, sort_key by) {
    switch (by) {
    case sort_key::cpu: return one.cpu.value_or(0);
    case sort_key::memory: return static_cast<double>(one.memory);
    case sort_key::queued: return one.mailbox ? static_cast<double>(one.mailbox->messages) : 0;
    case sort_key::oldest: return one.mailbox && one.mailbox->oldest ? one.taken_at - *one.mailbox->oldest : 0;
    case sort_key::handled: return rates.of(one.id).handled;
    case sort_key::sent: return rates.of(one.id).sent;
    case sort_key::restarts: return one.restarts;
    case sort_key::name: break;
    }
    return 0;
}

double per_second(std::uint64_t now, std::uint64_t before, double seconds) {
    return now > before && seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
}

bool is_left(const std::string& title) { return title == "ACTOR" || title == "STATE" || title == "WAITS FOR"; }

}  // namespace

void rate_meter::look(const inspect::snapshot& now) {
    std::map<std::uint64_t, counts> seen;
    rates_.clear();
    for (const actor_row& one : now.actors) {
        const counts mine{one.taken_at, one.incarnation, one.handled, one.sent, one.taken, one.wake_ups};
        seen[one.id] = mine;
        const auto known = before_.find(one.id);
        if (known == before_.end() || known->second.incarnation != one.incarnation) continue;
        const counts& old = known->second;
        const double seconds = mine.at - old.at;
        rates_[one.id] = {per_second(mine.handled, old.handled, seconds), per_second(mine.sent, old.sent, seconds),
                          per_second(mine.taken, old.taken, seconds), per_second(mine.wake_ups, old.wake_ups, seconds)};
    }
    before_ = std::move(seen);
}

actor_rates rate_meter::of(std::uint64_t actor) const {
    const auto known = rates_.find(actor);
    return known != rates_.end() ? known->second : actor_rates{};
}

std::vector<const actor_row*> in_order(const inspect::snapshot& of, const rate_meter& rates, sort_key by) {
    std::vector<const actor_row*> found;
    for (const actor_row& one : of.actors) {
        if (one.state != inspect::actor_state::dead) found.push_back(&one);
    }
    std::sort(found.begin(), found.end(), [&](const actor_row* a, const actor_row* b) {
        const double mine = measure(*a, rates, by);
        const double theirs = measure(*b, rates, by);
        if (mine != theirs) return mine > theirs;
        if (by == sort_key::name && a->name != b->name) return a->name < b->name;
        return a->slot < b->slot;
    });
    return found;
}

rows top_rows(const std::vector<const actor_row*>& actors, const rate_meter& rates) {
    rows all{
        {"ACTOR", "PID", "STATE", "CPU", "MEMORY", "QUEUED", "OLDEST", "HANDLED/s", "SENT/s", "RESTARTS", "WAITS FOR"}};
    for (const actor_row* one : actors) {
        const actor_rates speed = rates.of(one->id);
        const bool counts = one->mailbox.has_value();
        cell waits = waiting_text(*one);
        if (one->cycle != 0) waits = {waits.text + "  CYCLE " + std::to_string(one->cycle), color::red};
        all.push_back({name_of(*one),
                       pid_of(*one) > 0 ? std::to_string(pid_of(*one)) : "-",
                       {state_text(*one), color_of(*one)},
                       percent(one->cpu),
                       amount(one->memory),
                       counts ? (one->mailbox->at_most ? "<=" : "") + grouped(one->mailbox->messages) : "-",
                       counts ? age(one->mailbox->oldest, one->taken_at) : "-",
                       rate(speed.handled),
                       rate(speed.sent),
                       one->supervised || one->restarts > 0 ? grouped(one->restarts) : "-",
                       std::move(waits)});
    }
    return all;
}

rows aligned(const rows& all) {
    constexpr std::size_t widest = 24;  // of a column that is not the last: 80 columns have room for all
    if (all.empty()) return all;
    std::vector<std::size_t> widths(all.front().size());
    for (const auto& row : all) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], std::min(width_of(row[i].text), widest));
        }
    }
    rows made;
    for (const auto& row : all) {
        std::vector<cell> line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool is_last = i + 1 == row.size();
            std::string text = is_last ? row[i].text : cut(row[i].text, widths[i]);
            const std::string room(widths[i] > width_of(text) ? widths[i] - width_of(text) : 0, ' ');
            text = is_left(all.front()[i].text) || i == 0 ? text + (is_last ? "" : room) : room + text;
            line.push_back({text + (is_last ? "" : "  "), row[i].shown_in});
        }
        made.push_back(std::move(line));
    }
    return made;
}

rows pane_of(const actor_row& actor, const rate_meter& rates, const std::vector<inspect::event_row>& last) {
    const actor_rates speed = rates.of(actor.id);
    rows lines;
    lines.push_back({{title_of(actor), color::bold}, "  " + state_text(actor) + ", " + printable(actor.function)});
    lines.push_back({"handled " + grouped(actor.handled) + " (" + rate(speed.handled) + "/s), took " +
                     grouped(actor.taken) + " (" + rate(speed.taken) + "/s), sent " + grouped(actor.sent) + " (" +
                     rate(speed.sent) + "/s), woke " + rate(speed.wake_ups) + "/s"});
    if (actor.mailbox) {
        lines.push_back({"mailbox: " + counted(actor.mailbox->messages, "message") + ", " +
                         grouped(actor.mailbox->bytes) + " bytes, oldest " +
                         age(actor.mailbox->oldest, actor.taken_at)});
    }
    lines.push_back({"waits for " + waiting_text(actor)});
    for (const inspect::event_row& one : last) {
        std::string text = age(one.at, actor.taken_at) + " ago: " + printable(one.kind);
        if (!one.type.empty()) text += ' ' + printable(short_type(one.type));
        if (!one.peer_name.empty()) text += ", " + printable(one.peer_name);
        lines.push_back({{text, color::dim}});
    }
    return lines;
}

rows latency_rows(const std::vector<inspect::latency_row>& measured) {
    rows all{{"MESSAGE", "HANDLED", "HALF", "90 %", "99 %", "LONGEST", "TAKEN", "WAITED: HALF", "90 %", "99 %"}};
    const auto timed = [](const inspect::latency_quantiles& of, double value) {
        return of.count == 0 ? std::string("-") : short_time(value);
    };
    for (const inspect::latency_row& one : measured) {
        all.push_back({printable(one.type), grouped(one.handling.count), timed(one.handling, one.handling.half),
                       timed(one.handling, one.handling.nine_in_ten), timed(one.handling, one.handling.ninety_nine),
                       timed(one.handling, one.handling.longest), grouped(one.queueing.count),
                       timed(one.queueing, one.queueing.half), timed(one.queueing, one.queueing.nine_in_ten),
                       timed(one.queueing, one.queueing.ninety_nine)});
    }
    return aligned(all);
}

std::string short_time(double seconds) {
    constexpr std::array<std::pair<double, const char*>, 4> units{{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}}};
    for (const auto& [unit, name] : units) {
        if (seconds < unit && unit != 1e-9) continue;
        char text[32];
        std::snprintf(text, sizeof text, seconds / unit < 10 ? "%.1f %s" : "%.0f %s", seconds / unit, name);
        return text;
    }
    return {};
}

}  // namespace troupe::tool
