#include "inspect/pools.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::inspect {
namespace {

// What every worker of a pool is registered as: detail/pool_task.hpp.
constexpr std::string_view function_of_workers = "troupe::detail::known_worker";

}  // namespace

std::vector<pool_row> find_pools(const std::vector<actor_seen>& actors) {
    std::map<std::pair<std::uint64_t, std::string>, pool_row> pools;
    for (const actor_seen& one : actors) {
        if (one.row.function != function_of_workers) continue;
        pool_row& pool = pools[{one.row.parent, one.row.name}];
        pool.name = one.row.name;
        pool.owner = one.row.parent;
        pool.workers.push_back(one.row.id);
        pool.running += one.row.handling ? 1 : 0;
    }
    std::vector<pool_row> rows;
    for (auto& [key, pool] : pools) rows.push_back(std::move(pool));
    return rows;
}

}  // namespace troupe::inspect
