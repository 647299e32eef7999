#include "troupe/page_content.hpp"

#include <cstring>
#include <utility>

#include "inspect/ends.hpp"
#include "inspect/failure.hpp"
#include "inspect/orders.hpp"
#include "inspect/stack.hpp"
#include "inspect/stack_names.hpp"
#include "shm/observation.hpp"
#include "troupe/finding.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

constexpr std::size_t most_events = 48;
constexpr std::chrono::milliseconds budget{2000};
constexpr std::chrono::milliseconds between_readings{1500};
constexpr std::chrono::seconds forgotten_after{8};  // by the keeper, a little later

inspect::order_kind kind_of(const std::string& name) {
    if (name == "restart") return inspect::order_kind::restart;
    return name == "stop" ? inspect::order_kind::stop : inspect::order_kind::kill;
}

std::string what_was_done(const page_source::order& done, const inspect::actor_row& to) {
    if (done.kind == "stop") return title_of(to) + " was asked to stop.";
    if (done.kind == "restart") return title_of(to) + " was told to end; its supervisor starts it again.";
    return title_of(to) + " was killed.";
}

std::string why_not(const inspect::order_reply& reply, const inspect::actor_row& to) {
    using inspect::order_result;
    switch (reply.result) {
    case order_result::no_such_actor: return title_of(to) + " has ended.";
    case order_result::no_supervisor: return title_of(to) + " has no supervisor: nobody would start it again.";
    case order_result::no_process: return title_of(to) + " has no process now: its supervisor starts it again.";
    case order_result::refused:
        return "The system refused that for " + title_of(to) + ": " + std::strerror(reply.error) + ".";
    default: break;
    }
    return "The program could not do that to " + title_of(to) + ".";
}

page_source::json quantiles(const inspect::latency_quantiles& one) {
    if (one.count == 0) return {{"p50", nullptr}, {"p99", nullptr}};
    return {{"p50", one.half}, {"p99", one.ninety_nine}};
}

page_source::json waiting_line(const inspect::coroutine_line& line) {
    page_source::json places = page_source::json::array();
    for (std::size_t i = 0; i < line.places.size(); ++i) {
        places.push_back(
            {{"function", line.functions.at(i)}, {"file", line.places[i].file}, {"line", line.places[i].line}});
    }
    return {{"why", to_json(line.why)}, {"places", std::move(places)}};
}

}  // namespace

page_content::page_content(const inspect::program_found& program)
    : watched_(program), asked_(program), latencies_(asked_) {}

page_content::json page_content::look() {
    inspect::observer::wanted all;
    all.channels = all.cells = all.lists = all.pools = true;
    return to_json(watched_.look(all), fullness::everything);
}

page_content::json page_content::answer(std::string_view what, std::uint64_t id) {
    if (what == "doctor") return {{"entries", to_json(examine())}};
    if (what == "ends") return ends();
    const std::lock_guard lock(mutex_);
    if (what == "actor") return actor(id);
    return what == "stack" ? stack(id) : latencies();
}

inspect::actor_row page_content::find(std::uint64_t id) {
    const inspect::snapshot now = asked_.look({});
    const inspect::actor_row* found = find_actor(now, id);
    if (found == nullptr) throw inspect::failure("This actor has ended.");
    return *found;
}

page_content::json page_content::actor(std::uint64_t id) {
    const inspect::actor_row row = find(id);
    json it = {{"types", json::array()}, {"from", json::array()}};
    if (row.mailbox && !row.mailbox->at_most) {
        const auto messages = asked_.messages(row.mailbox->channel, false);
        it["types"] = to_json(asked_.by_type(messages), row.taken_at);
        it["from"] = to_json(asked_.by_sender(messages));
    }
    it["events"] = to_json(asked_.last_events(row.slot, most_events));
    return it;
}

page_content::json page_content::stack(std::uint64_t id) {
    const inspect::held_stack found = inspect::read_stack(asked_, find(id));
    json it = {{"held_ms", found.held_ms}, {"frames", to_json(found.frames)}, {"waiting", json::array()}};
    for (const inspect::coroutine_line& one : found.waiting) it["waiting"].push_back(waiting_line(one));
    return it;
}

std::vector<inspect::end_row> page_content::read_ends() {
    const std::lock_guard lock(mutex_);
    return inspect::read_ends(asked_.view(), asked_.types());
}

// Names take a while, so each end is named once, and who asks for something else does not wait for them.
page_content::json page_content::ends() {
    const std::lock_guard lock(naming_);
    std::vector<inspect::end_row> all = read_ends(), unnamed;
    for (const inspect::end_row& one : all) {
        if (!named_.contains(one.number)) unnamed.push_back(one);
    }
    inspect::name_frames(asked_.program(), unnamed);
    for (inspect::end_row& one : unnamed) named_[one.number] = std::move(one.frames);
    for (inspect::end_row& one : all) one.frames = named_[one.number];
    if (!all.empty()) named_.erase(named_.begin(), named_.lower_bound(all.back().number));
    return {{"ends", to_json(all)}};
}

// Several pages may ask: what was read just now is good for all of them, for reading begins a new count.
page_content::json page_content::latencies() {
    const auto now = std::chrono::steady_clock::now();
    if (!observing_ || now - measured_at_ > forgotten_after) observing_.emplace(asked_, shm::observe_timing);
    observing_->keep_up();
    if (now - measured_at_ >= between_readings) {
        measured_ = json::array();
        for (const inspect::latency_row& one : latencies_.read()) {
            measured_.push_back({{"type", one.type},
                                 {"messages", one.handling.count},
                                 {"handling", quantiles(one.handling)},
                                 {"queueing", quantiles(one.queueing)}});
        }
        measured_at_ = now;
    }
    return {{"latencies", measured_}};
}

std::string page_content::carry_out(const order& wanted) {
    const std::lock_guard lock(mutex_);
    const inspect::actor_row row = find(wanted.actor);
    if (row.parent == 0) throw inspect::failure("That is the program itself: its keeper would end with it.");
    if (row.pid != wanted.pid) throw inspect::failure(title_of(row) + " has another process than you saw: look again.");
    const auto reply = inspect::send_order(
        asked_, {kind_of(wanted.kind), row.id, static_cast<std::uint32_t>(budget.count()), 0}, budget);
    if (reply.result != inspect::order_result::done) throw inspect::failure(why_not(reply, row));
    return what_was_done(wanted, row);
}

}  // namespace troupe::tool
