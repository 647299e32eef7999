// troupe top: the actors of a program, again and again.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "inspect/failure.hpp"
#include "inspect/observation.hpp"
#include "inspect/observer.hpp"
#include "inspect/orders.hpp"
#include "troupe/actor_table.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/screen.hpp"
#include "troupe/seconds_between.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"
#include "troupe/top_table.hpp"

namespace troupe::tool {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using special = screen::special;

constexpr milliseconds order_budget(5000);
constexpr std::uint32_t restart_budget_ms = 2000;
constexpr std::size_t events_in_pane = 6;

struct wishes {
    double delay = 1;
    std::string sort = "cpu";
    bool once = false;
    bool latency = false;
};

sort_key key_of(const std::string& name) {
    for (std::size_t i = 0; i < std::size(sort_names); ++i) {
        if (name == sort_names[i]) return static_cast<sort_key>(i);
    }
    return sort_key::cpu;
}

std::string text_of(const inspect::order_reply& said, inspect::order_kind kind, const std::string& title) {
    using inspect::order_result;
    switch (said.result) {
    case order_result::done:
        return title +
               (kind == inspect::order_kind::kill ? " was killed" : " was told to end; its supervisor starts it again");
    case order_result::no_such_actor: return title + " has ended";
    case order_result::no_process: return title + " has no process now: its supervisor starts it again";
    case order_result::no_supervisor: return title + " has no supervisor: nobody would start it again; k ends it";
    case order_result::refused:
        return title + ": the system refuses that" +
               (said.error != 0 ? std::string(" (") + std::strerror(said.error) + ')' : std::string());
    case order_result::not_possible: break;
    }
    return title + ": the program cannot do that";
}

class display {
public:
    display(inspect::observer& of, const wishes& wished, const invocation& with)
        : of_(of), by_(key_of(wished.sort)), delay_(wished.delay), shown_on_(with) {
        if (wished.latency) {
            wish_.emplace(of_, shm::observe_timing);
            latencies_.emplace(of_);
        }
        look();
    }

    void look() {
        now_ = of_.look({.graph = true});
        rates_.look(now_);
        if (wish_) wish_->keep_up();
        if (latencies_) latency_ = latencies_->read();
    }
    double delay() const { return delay_; }
    const inspect::snapshot& now() const { return now_; }
    const std::vector<inspect::latency_row>& latency() const { return latency_; }

    void print() const {
        tell_damaged(now_);
        std::puts(headline(now_).c_str());
        print(aligned(top_rows(in_order(now_, rates_, by_), rates_)));
        if (latencies_) std::puts("");
        if (latencies_) print(latency_rows(latency_));
    }

    void show(screen& on) {
        std::vector<screen::line> lines;
        const auto order = in_order(now_, rates_, by_);
        select(order);
        lines.push_back({{cell(headline(now_), color::bold)}, false});
        lines.push_back(
            {{cell(message_.empty() ? help() : message_, message_.empty() ? color::dim : color::yellow)}, false});
        std::vector<std::vector<cell>> below;
        const auto* chosen = is_open_ ? chosen_in(order) : nullptr;
        if (chosen != nullptr) {
            below = pane_of(*chosen, rates_, of_.last_events(chosen->slot, events_in_pane));
        } else if (latencies_) {
            below = latency_rows(latency_);
        }
        const std::size_t height = on.rows();
        const std::size_t pane = below.empty() ? 0 : std::min(below.size() + 1, height / 2);
        const std::size_t room = height > lines.size() + pane + 1 ? height - lines.size() - pane - 1 : 1;
        scroll_to(order, room);
        const auto rows = aligned(top_rows(order, rates_));
        lines.push_back({rows.front(), false});
        for (std::size_t i = first_; i < std::min(first_ + room, order.size()); ++i) {
            lines.push_back({rows[i + 1], order[i]->id == selected_});
        }
        while (lines.size() + pane < height) lines.emplace_back();
        if (pane > 0) lines.emplace_back();
        for (std::size_t i = 0; i + 1 < pane; ++i) lines.push_back({below[i], false});
        on.show(lines);
    }

    // False: it is over.
    bool press(int pressed) {
        const auto order = in_order(now_, rates_, by_);
        if (asked_) return answer(pressed);
        message_.clear();
        switch (pressed) {
        case 'q':
        case static_cast<int>(special::interrupted): return false;
        case static_cast<int>(special::escape): is_open_ = false; break;
        case static_cast<int>(special::enter): is_open_ = !is_open_; break;
        case static_cast<int>(special::down): step(order, 1); break;
        case static_cast<int>(special::up): step(order, -1); break;
        case static_cast<int>(special::page_down): step(order, 10); break;
        case static_cast<int>(special::page_up): step(order, -10); break;
        case static_cast<int>(special::home): step(order, -static_cast<long>(order.size())); break;
        case static_cast<int>(special::end): step(order, static_cast<long>(order.size())); break;
        case 's': by_ = static_cast<sort_key>((static_cast<std::size_t>(by_) + 1) % std::size(sort_names)); break;
        case 'k': ask(order, inspect::order_kind::kill); break;
        case 'r': ask(order, inspect::order_kind::restart); break;
        default: break;
        }
        return true;
    }

private:
    struct question {
        inspect::order_kind kind;
        std::uint64_t actor;
        std::string title;
    };
    using actors = std::vector<const inspect::actor_row*>;

    std::string help() const {
        return std::string("q quits, arrows and enter choose, k kills, r restarts, s sorts (by ") +
               sort_names[static_cast<std::size_t>(by_)] + ")";
    }
    void print(const std::vector<std::vector<cell>>& rows) const {
        for (const auto& row : rows) {
            std::string line;
            std::size_t left = shown_on_.columns() != 0 ? shown_on_.columns() : static_cast<std::size_t>(-1);
            for (const cell& part : row) {
                const std::string text = cut(part.text, left);
                left -= std::min(width_of(text), left);
                line += shown_on_.colored(text, part.shown_in);
            }
            std::puts(line.c_str());
        }
    }

    const inspect::actor_row* chosen_in(const actors& order) const {
        for (const inspect::actor_row* one : order) {
            if (one->id == selected_) return one;
        }
        return nullptr;
    }
    void select(const actors& order) {
        if (chosen_in(order) == nullptr) selected_ = order.empty() ? 0 : order.front()->id;
    }
    std::size_t index_in(const actors& order) const {
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (order[i]->id == selected_) return i;
        }
        return 0;
    }
    void step(const actors& order, long by) {
        if (order.empty()) return;
        const long last = static_cast<long>(order.size()) - 1;
        selected_ = order[static_cast<std::size_t>(std::clamp(static_cast<long>(index_in(order)) + by, 0L, last))]->id;
    }
    void scroll_to(const actors& order, std::size_t room) {
        const std::size_t at = index_in(order);
        if (at < first_) first_ = at;
        if (at >= first_ + room) first_ = at - room + 1;
        if (first_ + room > order.size()) first_ = order.size() > room ? order.size() - room : 0;
    }

    void ask(const actors& order, inspect::order_kind kind) {
        const inspect::actor_row* chosen = chosen_in(order);
        if (chosen == nullptr) return;
        if (chosen->id == now_.actors.front().id) {
            message_ = name_of(*chosen) + " is the program itself: its keeper would end with it";
            return;
        }
        asked_ = question{kind, chosen->id, title_of(*chosen)};
        message_ = (kind == inspect::order_kind::kill ? "Kill " : "Restart ") + asked_->title + "? y/n";
    }
    bool answer(int pressed) {
        if (pressed == static_cast<int>(special::interrupted)) return false;
        if (pressed == static_cast<int>(special::resized)) return true;
        const question was = *asked_;
        asked_.reset();
        message_.clear();
        if (pressed != 'y' && pressed != 'Y') return true;
        inspect::order wanted{};
        wanted.kind = was.kind;
        wanted.actor = was.actor;
        wanted.budget_ms = was.kind == inspect::order_kind::restart ? restart_budget_ms : 0;
        try {
            message_ = text_of(inspect::send_order(of_, wanted, order_budget), was.kind, was.title);
        } catch (const inspect::failure& refused) {
            message_ = printable(refused.what());
        }
        return true;
    }

    inspect::observer& of_;
    sort_key by_;
    double delay_;
    terminal shown_on_;
    inspect::snapshot now_;
    rate_meter rates_;
    std::optional<inspect::observing> wish_;
    std::optional<inspect::latency_reader> latencies_;
    std::vector<inspect::latency_row> latency_;
    std::uint64_t selected_ = 0;
    std::size_t first_ = 0;  // of the actors that are shown
    bool is_open_ = false;   // the pane
    std::optional<question> asked_;
    std::string message_;
};

json to_json(const inspect::latency_quantiles& one) {
    json object;
    object["count"] = one.count;
    object["mean"] = one.mean;
    object["p50"] = one.half;
    object["p90"] = one.nine_in_ten;
    object["p99"] = one.ninety_nine;
    object["longest"] = one.longest;
    return object;
}

void print_once(inspect::observer& of, const wishes& wished, const invocation& with) {
    display one(of, wished, with);
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(wished.delay, 1.0)));
    one.look();
    if (!with.json) return one.print();
    json object = to_json(one.now(), fullness::actors);
    if (wished.latency) {
        object["latency"] = json::array();
        for (const inspect::latency_row& row : one.latency()) {
            object["latency"].push_back(
                {{"type", row.type}, {"handling", to_json(row.handling)}, {"queueing", to_json(row.queueing)}});
        }
    }
    print(object);
}

void run(const wishes& wished, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    if (wished.once) return print_once(observer, wished, with);
    const auto delay = std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(wished.delay));
    std::string end;
    {
        screen on;
        display shown(observer, wished, with);
        auto next = steady_clock::now() + delay;
        for (;;) {
            shown.show(on);
            const auto left = std::chrono::ceil<milliseconds>(next - steady_clock::now());
            const auto pressed = on.key(static_cast<int>(left.count()));
            if (pressed && !shown.press(*pressed)) break;
            if (observer.ended()) {
                end = "program " + std::to_string(observer.program().pid) + " ended while it was looked at";
                break;
            }
            if (steady_clock::now() < next) continue;
            shown.look();
            next = steady_clock::now() + delay;
        }
    }
    if (!end.empty()) throw inspect::failure(end);
}

}  // namespace

void add_top(CLI::App& app, invocation& with) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand("top", "The actors of a program, with rates, each second");
    command->add_option("--delay", wished->delay, "Seconds from one look to the next")
        ->check(seconds_between(0.05, 3600))
        ->type_name("SECONDS")
        ->capture_default_str();
    command->add_option("--sort", wished->sort, "What the actors are sorted by")
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(sort_names), std::end(sort_names))))
        ->capture_default_str();
    command->add_flag("--once", wished->once, "Print one frame, and end; needs no terminal");
    command->add_flag("--latency", wished->latency, "Time messages too, which costs the program some 50 ns a message");
    command->footer(
        "Keys: q quits; arrows, page up and page down choose an actor; enter shows it; s sorts by the next column; k "
        "kills the actor and r restarts it, after a question.");
    command->callback([wished, &with] { run(*wished, with); });
}

}  // namespace troupe::tool
