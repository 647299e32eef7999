#include "inspect/actors.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <string_view>

#include "shm/shared_text.hpp"

namespace troupe::inspect {
namespace {

constexpr int most_tries = 3;
constexpr double ms_a_second = 1e3;

double seconds(std::uint64_t ms) noexcept { return static_cast<double>(ms) / ms_a_second; }

// "file:line"
source_place place_in(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    source_place place;
    if (colon == std::string::npos) return place;
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), place.line);
    if (place.line > 0) place.file = text.substr(0, colon);
    return place;
}

// When anything was noted of it; now, if nothing ever was.
double last_event_of(const shm::process_slot& slot) {
    const std::uint64_t count = slot.told.last.count();
    return count == 0 ? now_seconds() : whole_time(slot.told.last.at(count - 1).ms);
}

waiting_row row_of(const shm::waited_for& one, const type_names& types) {
    waiting_row row;
    row.kind = name_of(one.kind);
    if (one.type != 0) row.type = types.name_of(one.type);
    row.of = one.of;
    row.number = one.number;
    row.since = seconds(one.since);
    if (one.kind == shm::waiting_kind::time) row.until = seconds(one.of);
    row.waiter = one.waiter;
    return row;
}

// Each parent before its children, in the order of slots.
std::vector<actor_seen> as_tree(std::vector<actor_seen> actors) {
    std::map<std::uint64_t, std::vector<std::size_t>> children;
    std::set<std::uint64_t> known;
    for (const actor_seen& one : actors) known.insert(one.row.id);
    for (std::size_t i = 0; i < actors.size(); ++i) {
        const std::uint64_t parent = actors[i].row.parent;
        children[known.contains(parent) && parent != actors[i].row.id ? parent : 0].push_back(i);
    }
    std::vector<actor_seen> ordered;
    std::vector<bool> placed(actors.size());
    std::vector<std::size_t> next(children[0].rbegin(), children[0].rend());
    while (!next.empty()) {
        const std::size_t one = next.back();
        next.pop_back();
        if (placed[one]) continue;
        placed[one] = true;
        const auto& below = children[actors[one].row.id];
        next.insert(next.end(), below.rbegin(), below.rend());
        ordered.push_back(std::move(actors[one]));
    }
    // Parents that name each other: that is damaged memory.
    for (std::size_t i = 0; i < actors.size(); ++i) {
        if (!placed[i]) ordered.push_back(std::move(actors[i]));
    }
    return ordered;
}

}  // namespace

double now_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double whole_time(std::uint32_t ms) {
    const auto now = static_cast<std::uint64_t>(now_seconds() * ms_a_second);
    const auto ago = static_cast<std::int32_t>(static_cast<std::uint32_t>(now) - ms);  // a little in the future: now
    const auto whole = static_cast<std::uint32_t>(now) - ms;
    return seconds(ago < 0 && ago > -1000 ? now : now - std::min<std::uint64_t>(whole, now));
}

const char* name_of(shm::waiting_kind kind) noexcept {
    static constexpr const char* names[] = {"nothing", "mailbox", "queue",      "pipe",    "room",      "reply",
                                            "end",     "time",    "descriptor", "lock",    "condition", "permit",
                                            "event",   "barrier", "change",     "command", "signal",    "task"};
    static_assert(std::size(names) == static_cast<std::size_t>(shm::last_waiting_kind) + 1);
    return kind > shm::last_waiting_kind ? "unknown" : names[static_cast<std::size_t>(kind)];
}

const char* name_of(shm::event_kind kind) noexcept {
    static constexpr const char* names[] = {"none",    "began", "handling", "handled", "asked", "answered", "refused",
                                            "spawned", "woke",  "slept",    "ended",   "sent",  "taken"};
    static_assert(std::size(names) == static_cast<std::size_t>(shm::last_event_kind) + 1);
    return kind > shm::last_event_kind ? "unknown" : names[static_cast<std::size_t>(kind)];
}

// --- one actor

void actor_reader::read_waits(const shm::process_slot& slot, actor_seen& into) const {
    actor_row& row = into.row;
    row.waits.clear();
    row.waits_more = 0;
    row.place = {};
    row.waits_known = true;
    for (int i = 0; i < most_tries; ++i) {
        const std::uint32_t before = slot.told.waiting.version();
        into.asleep_at = slot.told.doing.asleep_at.get();
        const shm::waiting_list::content list = slot.told.waiting.read();
        const std::string where = shm::load_text(slot.told.where.text);
        shm::has_read();
        if (into.asleep_at == 0) {
            row.waits_known = true;
            return;
        }
        into.waiting_version = before;
        row.waits_known = (before & 1) == 0 && slot.told.waiting.version() == before;
        if (!row.waits_known) continue;
        for (std::size_t n = 0; n < list.count; ++n) {
            if (list.entries[n].kind != shm::waiting_kind::nothing)
                row.waits.push_back(row_of(list.entries[n], types_));
        }
        row.waits_more = list.more;
        row.place = place_in(where);
        return;
    }
}

void actor_reader::read_state(const shm::process_slot& slot, shm::process_state state, actor_seen& into) const {
    actor_row& row = into.row;
    const shm::activity& doing = slot.told.doing;
    row.since = doing.turn.get() != 0 ? seconds(doing.turn.get()) : last_event_of(slot);
    row.handling.reset();
    if (state == shm::process_state::down || state == shm::process_state::dead) {
        row.state = state == shm::process_state::down ? actor_state::down : actor_state::dead;
        row.since = last_event_of(slot);
        row.waits.clear();
        into.asleep_at = 0;
        return;
    }
    row.state = shm::is_starting(state) ? actor_state::starting : actor_state::running;
    if (into.asleep_at != 0) {
        row.state = actor_state::asleep;
        row.since = seconds(into.asleep_at);
    }
    if (const std::uint32_t type = slot.handling.type.get(); type != 0) {
        row.handling = handling_row{types_.name_of(type), seconds(doing.handling_at.get()), doing.handling_of.get(),
                                    std::max<std::uint32_t>(slot.handling.delivery.count(), 1)};
        row.state = actor_state::handling;
        row.since = row.handling->since;
    }
    const std::int32_t pid = pids_.same() ? row.pid : row.outer_pid;
    const auto process = pid > 0 ? read_process(pid) : std::nullopt;
    if (!process) return;
    row.memory = process->memory;
    into.cpu_time = process->cpu_time;
    row.in_system_call = into.asleep_at == 0 && (process->state == 'S' || process->state == 'D');
    if (process->tracer != 0) {
        row.state = actor_state::traced;
    } else if (process->state == 'T') {
        row.state = actor_state::stopped;
    }
}

void actor_reader::read_slot(const shm::process_slot& slot, actor_seen& into) const {
    actor_row& row = into.row;
    row.parent = slot.who.parent.get().value;
    row.name = shm::load_text(slot.who.name);
    row.function = types_.function_of(slot.who.entry.get());
    if (row.name.empty()) row.name = row.function;
    row.pid = slot.pid.get();
    row.outer_pid = pids_.same() || row.pid <= 0 ? 0 : pids_.outer(row.pid);
    row.restarts = slot.supervision.restarts.get();
    row.incarnation = row.restarts;
    row.supervised = slot.supervision.revival.get() != 0;
    row.stop_requested = (slot.requests.asked() & shm::ask_stop) != 0;
    row.sent = slot.told.doing.sent.get();
    row.taken = slot.told.doing.taken.get();
    row.handled = slot.told.doing.handled.get();
    row.wake_ups = slot.activity.epoch.get();
    into.task = slot.told.doing.task.get();
}

std::optional<actor_seen> actor_reader::read(std::uint16_t index, std::vector<std::string>& damaged) const {
    const shm::process_slot& slot = view_.process(index);
    actor_seen one;
    one.row.slot = index;
    for (int i = 0; i < most_tries; ++i) {
        const shm::life_value life = slot.present();
        if (life.state > shm::process_state::down) {
            damaged.push_back("slot " + std::to_string(index) + ": state " +
                              std::to_string(static_cast<unsigned>(life.state)));
            return std::nullopt;
        }
        if (life.state == shm::process_state::free || life.state == shm::process_state::failed) return std::nullopt;
        const detail::actor_id id = slot.actor();
        const std::uint32_t incarnation = slot.incarnation.get();
        one.row.id = id.value;
        one.life = life.pack();
        read_slot(slot, one);
        read_waits(slot, one);
        read_state(slot, life.state, one);
        one.row.taken_at = now_seconds();
        shm::has_read();
        const bool same = slot.present().pack() == life.pack() && slot.actor() == id &&
                          slot.incarnation.get() == incarnation && life.is_of(id);
        if (same) return one;
    }
    one.row.state = actor_state::changing;
    one.row.waits.clear();
    one.row.handling.reset();
    one.asleep_at = 0;
    return one;
}

std::vector<actor_seen> actor_reader::read_all(std::vector<std::string>& damaged) const {
    std::vector<actor_seen> actors;
    const std::uint32_t reached = std::min<std::uint32_t>(view_.processes().reached(), shm::keeper_slot);
    for (std::uint32_t i = 0; i < reached; ++i) {
        if (auto one = read(static_cast<std::uint16_t>(i), damaged)) actors.push_back(std::move(*one));
    }
    return as_tree(std::move(actors));
}

bool actor_reader::unchanged(const actor_seen& one) const {
    const shm::process_slot& slot = view_.process(one.row.slot);
    const bool lives = slot.present().pack() == one.life && slot.actor().value == one.row.id;
    return lives && one.row.waits_known && slot.told.waiting.version() == one.waiting_version &&
           slot.told.doing.asleep_at.get() == one.asleep_at && one.asleep_at != 0;
}

// --- all of them

actor_index::actor_index(const std::vector<actor_seen>& actors) {
    for (const actor_seen& one : actors) {
        slots_[one.row.slot] = &one;
        ids_[one.row.id] = &one;
        for (const waiting_row& wait : one.row.waits) {
            if (wait.kind == inspect::name_of(shm::waiting_kind::reply))
                asked_[{one.row.slot, wait.number}] = wait.since;
        }
    }
}

std::uint64_t actor_index::in_slot(std::uint32_t slot) const {
    const auto found = slots_.find(slot);
    return found == slots_.end() ? 0 : found->second->row.id;
}

const actor_seen* actor_index::find(std::uint64_t id) const {
    const auto found = ids_.find(id);
    return found == ids_.end() ? nullptr : found->second;
}

std::string actor_index::name_of(std::uint64_t id) const {
    const actor_seen* const one = find(id);
    return one == nullptr ? std::string() : one->row.name;
}

std::uint64_t actor_index::owner(const shm::program_view& view, shm::owner_id owner) const {
    const std::uint64_t id = in_slot(owner.slot());
    return id != 0 && view.processes().owner(owner.slot()) == owner ? id : 0;
}

std::optional<double> actor_index::asked_at(std::uint32_t slot, std::uint32_t number) const {
    const auto found = asked_.find({slot, number});
    return found == asked_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace troupe::inspect
