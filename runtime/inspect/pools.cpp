#include "inspect/pools.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::inspect {
namespace {

// What every worker of a pool is registered as (detail/pool_task.hpp), as the catalogue has it: without its namespace.
constexpr std::string_view function_of_workers = "known_worker";

// One that has no task waits for the next in runtime/pool/worker.cpp, and what a task waits for stands elsewhere.
bool has_task(const actor_row& worker) {
    for (const actor_state without : {actor_state::starting, actor_state::down, actor_state::dead}) {
        if (worker.state == without) return false;
    }
    if (worker.waits.empty()) return worker.state != actor_state::asleep;
    return !worker.place.file.ends_with("pool/worker.cpp");
}

}  // namespace

std::vector<pool_row> find_pools(const std::vector<actor_seen>& actors) {
    std::map<std::pair<std::uint64_t, std::string>, pool_row> pools;
    for (const actor_seen& one : actors) {
        if (one.row.function != function_of_workers) continue;
        pool_row& pool = pools[{one.row.parent, one.row.name}];
        pool.name = one.row.name;
        pool.owner = one.row.parent;
        pool.workers.push_back(one.row.id);
        pool.running += has_task(one.row) ? 1 : 0;
    }
    std::vector<pool_row> rows;
    for (auto& [key, pool] : pools) rows.push_back(std::move(pool));
    return rows;
}

}  // namespace troupe::inspect
