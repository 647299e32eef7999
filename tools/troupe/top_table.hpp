// What `top` shows: the actors with rates, in an order that can be chosen, and one of them in full. No terminal here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "inspect/observation.hpp"
#include "inspect/snapshot.hpp"
#include "troupe/table.hpp"

namespace troupe::tool {

enum class sort_key { cpu, memory, queued, oldest, handled, sent, restarts, name };
inline constexpr const char* sort_names[] = {"cpu",     "memory", "queued",   "oldest",
                                             "handled", "sent",   "restarts", "name"};

// What an actor has done a second, between two looks.
struct actor_rates {
    double handled = 0, sent = 0, taken = 0, wake_ups = 0;
};
class rate_meter {
public:
    // Of the time since the last call; nothing of an actor that has another process since.
    void look(const inspect::snapshot& now);
    actor_rates of(std::uint64_t actor) const;

private:
    struct counts {
        double at = 0;
        std::uint32_t incarnation = 0;
        std::uint64_t handled = 0, sent = 0, taken = 0, wake_ups = 0;
    };
    std::map<std::uint64_t, counts> before_;
    std::map<std::uint64_t, actor_rates> rates_;
};

// Those that have ended are left out; what is most comes first.
std::vector<const inspect::actor_row*> in_order(const inspect::snapshot& of, const rate_meter& rates, sort_key by);

// The first line has the titles.
std::vector<std::vector<cell>> top_rows(const std::vector<const inspect::actor_row*>& actors, const rate_meter& rates);
// So many columns at most for names; the lines are as long as they come.
std::vector<std::vector<cell>> aligned(const std::vector<std::vector<cell>>& rows);

std::vector<std::vector<cell>> pane_of(const inspect::actor_row& actor, const rate_meter& rates,
                                       const std::vector<inspect::event_row>& last);
std::vector<std::vector<cell>> latency_rows(const std::vector<inspect::latency_row>& rows);

// 12.3 µs
std::string short_time(double seconds);

}  // namespace troupe::tool
