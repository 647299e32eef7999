#include "inspect/wait_graph.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace troupe::inspect {
namespace {

using shm::waiting_kind;

bool is(const waiting_row& wait, waiting_kind kind) { return wait.kind == name_of(kind); }

bool is_of_cell(const waiting_row& wait) {
    return is(wait, waiting_kind::lock) || is(wait, waiting_kind::permit) || is(wait, waiting_kind::barrier);
}

struct awaited_actors {
    std::vector<std::uint64_t> all;
    std::uint32_t needed = 0;  // as in wait_edge
};

// Whom the wait is for; nobody, where that cannot be told.
awaited_actors awaited(const actor_seen& from, const waiting_row& wait, const cell_reader& cells,
                       const channel_reader& channels) {
    if (is(wait, waiting_kind::reply)) {
        if (channels.has_unread_reply(from.row.slot)) return {};
        return {{wait.of}};
    }
    // A monitor's news come into the mailbox: no coroutine waits for them.
    if (is(wait, waiting_kind::end)) return {{wait.waiter != 0 ? wait.of : 0}};
    if (is(wait, waiting_kind::room)) return {{channels.reader_of(wait.of)}};
    if (!is_of_cell(wait)) return {};
    const auto& cell = cells.read(wait.of);
    return cell ? awaited_actors{cell->awaited, cell->needed} : awaited_actors{};
}

using graph = std::map<std::uint64_t, std::set<std::uint64_t>>;

// The shortest way from there back to where it began.
std::optional<std::vector<std::uint64_t>> cycle_through(std::uint64_t begin, const graph& waits) {
    std::map<std::uint64_t, std::uint64_t> came_from;
    std::vector<std::uint64_t> reached{begin};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        const std::uint64_t here = reached[i];
        const auto next = waits.find(here);
        if (next == waits.end()) continue;
        for (const std::uint64_t one : next->second) {
            if (one == begin) {
                std::vector<std::uint64_t> way{here};
                while (way.back() != begin) way.push_back(came_from.at(way.back()));
                std::reverse(way.begin(), way.end());
                return way;
            }
            if (came_from.emplace(one, here).second) reached.push_back(one);
        }
    }
    return std::nullopt;
}

bool is_edge(const waiting_row& wait) {
    return is(wait, waiting_kind::reply) || is(wait, waiting_kind::end) || is(wait, waiting_kind::room) ||
           is_of_cell(wait);
}

// What may come about without the others of the cycle: then it may end.
bool may_end(const actor_seen& one) {
    return one.row.waits_more != 0 || !std::all_of(one.row.waits.begin(), one.row.waits.end(), is_edge);
}

// Which actors can do something, as far as can be told: those that are awake or wait for something else than for each
// other, and those for which enough of these can do what they wait for.
class able_actors {
public:
    able_actors(const std::map<std::uint64_t, actor_seen*>& known, const std::vector<wait_edge>& edges)
        : known_(known) {
        for (const wait_edge& edge : edges) {
            wait& one = waits_[edge.from][{edge.why.kind, edge.why.of, edge.why.waiter, edge.why.number}];
            one.needed = edge.needed;
            one.of.push_back(edge.to);
        }
        for (const auto& [id, actor] : known) {
            if (actor->asleep_at == 0 || may_end(*actor) || has_free_wait(*actor)) able_.insert(id);
        }
        for (bool more = true; more;) {
            more = false;
            for (const auto& [id, waits] : waits_) {
                if (!able_.contains(id) && any_can_end(waits)) more = able_.insert(id).second || more;
            }
        }
    }

    bool has(std::uint64_t actor) const { return !known_.contains(actor) || able_.contains(actor); }

    // It waits in a lock, semaphore or barrier that nobody keeps from it.
    bool has_free_wait(const actor_seen& actor) const {
        const auto mine = waits_.find(actor.row.id);
        return std::any_of(actor.row.waits.begin(), actor.row.waits.end(), [&](const waiting_row& one) {
            if (!is_of_cell(one)) return false;
            return mine == waits_.end() || !mine->second.contains({one.kind, one.of, one.waiter, one.number});
        });
    }

private:
    struct wait {
        std::vector<std::uint64_t> of;
        std::uint32_t needed = 0;
    };
    using waits_of_actor = std::map<std::tuple<std::string, std::uint64_t, std::uint64_t, std::uint32_t>, wait>;

    bool any_can_end(const waits_of_actor& waits) const {
        return std::any_of(waits.begin(), waits.end(), [this](const auto& one) {
            const wait& it = one.second;
            const auto able = std::count_if(it.of.begin(), it.of.end(), [this](auto who) { return has(who); });
            return static_cast<std::size_t>(able) >= (it.needed != 0 ? it.needed : it.of.size());
        });
    }

    const std::map<std::uint64_t, actor_seen*>& known_;
    std::map<std::uint64_t, waits_of_actor> waits_;
    std::set<std::uint64_t> able_;
};

void note_deadline(const actor_seen& one, std::optional<double>& deadline) {
    for (const waiting_row& wait : one.row.waits) {
        if (wait.until && (!deadline || *wait.until < *deadline)) deadline = wait.until;
    }
}

}  // namespace

std::vector<wait_edge> find_edges(const std::vector<actor_seen>& actors, const cell_reader& cells,
                                  const channel_reader& channels) {
    std::vector<wait_edge> edges;
    for (const actor_seen& from : actors) {
        for (std::size_t i = 0; i < from.row.waits.size(); ++i) {
            const waiting_row& wait = from.row.waits[i];
            const awaited_actors whom = awaited(from, wait, cells, channels);
            for (const std::uint64_t to : whom.all) {
                if (to == 0) continue;
                edges.push_back({from.row.id, to, wait, i == 0 ? from.row.place : source_place{},
                                 from.row.handling ? from.row.handling->type : std::string(), whom.needed});
            }
        }
    }
    return edges;
}

std::vector<wait_cycle> find_cycles(std::vector<actor_seen>& actors, const std::vector<wait_edge>& edges,
                                    const actor_reader& again, const channel_reader& channels) {
    std::map<std::uint64_t, actor_seen*> known;
    for (actor_seen& one : actors) known[one.row.id] = &one;
    const able_actors able(known, edges);
    graph waits;
    std::map<std::pair<std::uint64_t, std::uint64_t>, double> since;
    for (const wait_edge& edge : edges) {
        const bool asleep = known.contains(edge.from) && known.at(edge.from)->asleep_at != 0;
        if (!asleep || !known.contains(edge.to)) continue;
        if (edge.needed != 0 && able.has(edge.from)) continue;  // others may do what it waits for
        waits[edge.from].insert(edge.to);
        const auto [at, is_new] = since.emplace(std::pair(edge.from, edge.to), edge.why.since);
        if (!is_new) at->second = std::min(at->second, edge.why.since);
    }
    std::vector<wait_cycle> cycles;
    std::set<std::uint64_t> done;
    for (const actor_seen& one : actors) {
        if (done.contains(one.row.id)) continue;
        const auto way = cycle_through(one.row.id, waits);
        if (!way) continue;
        const bool stands = std::all_of(way->begin(), way->end(), [&](std::uint64_t id) {
            return again.unchanged(*known.at(id)) && !channels.has_unread_reply(known.at(id)->row.slot);
        });
        if (!stands) continue;
        wait_cycle cycle{*way, true, std::nullopt, 0};
        for (std::size_t i = 0; i < way->size(); ++i) {
            actor_seen& member = *known.at((*way)[i]);
            if (may_end(member) || able.has_free_wait(member)) cycle.deadlock = false;
            note_deadline(member, cycle.deadline);
            cycle.since = std::max(cycle.since, since.at({(*way)[i], (*way)[(i + 1) % way->size()]}));
            if (member.row.cycle == 0) member.row.cycle = static_cast<std::uint32_t>(cycles.size() + 1);
            done.insert((*way)[i]);
        }
        cycles.push_back(std::move(cycle));
    }
    return cycles;
}

}  // namespace troupe::inspect
