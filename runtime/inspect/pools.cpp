#include "inspect/pools.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "inspect/ends.hpp"
#include "inspect/program_file.hpp"
#include "shm/shared_text.hpp"

namespace troupe::inspect {
namespace {

// What every worker of a pool is registered as (detail/pool_task.hpp), as the catalogue has it: without its namespace.
constexpr std::string_view function_of_workers = "known_worker";

bool lives(const actor_seen& one) { return one.row.state != actor_state::dead && one.row.state != actor_state::down; }

// Of all that were given, as many have no outcome yet. The words are read one after the other.
std::uint64_t without_outcome(const shm::pool_counts::of_function& one) {
    const std::uint64_t over = one.done.get() + one.failed.get() + one.dropped.get();
    const std::uint64_t given = one.given.get();
    return given - std::min(over, given);
}

}  // namespace

// Read from the file: the block may be gone, and then it may have no memory behind it.
std::optional<pool_reader::found> pool_reader::read(std::uint32_t channel) const {
    const shm::channel_record& record = view_.channel(static_cast<std::uint16_t>(channel));
    const shm::channel_id id = record.name();
    const shm::block_id block{record.counts.get()};
    const shm::block_store& blocks = view_.blocks();
    const bool is_pool = record.is_open() && id.index() == channel && record.kind.get() == shm::channel_kind::queue;
    if (!is_pool || !block || !blocks.valid(block) || blocks.bytes(block) < sizeof(shm::pool_counts)) {
        return std::nullopt;
    }
    const auto counts = std::make_unique<shm::pool_counts>();
    const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(counts.get()), sizeof *counts);
    if (!read_at(view_.memory().fd(), view_.memory().offset_of(blocks.at(block)), bytes)) return std::nullopt;
    if (counts->queue.get() != id.value || record.name() != id || record.counts.get() != block.value) {
        return std::nullopt;
    }
    found pool;
    pool.queue = channel;
    pool.row.counted = true;
    pool.row.name = shm::load_text(counts->name);
    pool.row.owner = record.maker.get();
    pool.row.replaced = counts->replaced.get();
    pool.row.retired = std::min(counts->retired.get(), pool.row.replaced);
    const std::uint64_t lost = counts->last_lost.get().value;
    if (lost != 0) pool.row.last_lost = how_ended(view_, types_, lost);
    for (const shm::pool_counts::of_function& one : counts->functions) {
        const std::uint64_t function = one.function.get();
        if (function == 0 && one.given.get() == 0) continue;
        pool.functions.push_back(function);
        pool.row.functions.push_back({function != 0 ? types_.function_of(function) : std::string(),
                                      without_outcome(one), 0, one.done.get(), one.failed.get(), one.dropped.get()});
    }
    return pool;
}

std::vector<pool_reader::found> pool_reader::counted() const {
    std::vector<found> pools;
    for (std::uint32_t i = 0; i < view_.channels().reached(); ++i) {
        if (auto one = read(i)) pools.push_back(std::move(*one));
    }
    return pools;
}

// A task that a worker is at, or has done without its owner having looked, is one that has no outcome yet.
void pool_reader::count_running(found& pool) const {
    for (const actor_seen* const worker : pool.workers) {
        pool.row.workers.push_back(worker->row.id);
        if (worker->task == 0 || !lives(*worker)) continue;
        ++pool.row.running;
        auto at = std::find(pool.functions.begin(), pool.functions.end(), worker->task);
        if (at == pool.functions.end()) at = std::find(pool.functions.begin(), pool.functions.end(), 0u);
        if (at == pool.functions.end()) continue;
        task_row& of = pool.row.functions[static_cast<std::size_t>(at - pool.functions.begin())];
        ++of.running;
        of.waiting -= std::min<std::uint64_t>(of.waiting, 1);
    }
    for (const task_row& of : pool.row.functions) {
        pool.row.waiting += of.waiting;
        pool.row.done += of.done;
        pool.row.failed += of.failed;
        pool.row.dropped += of.dropped;
    }
}

// A worker holds its pool's queue. One that has just been started does not, and belongs where its name is.
std::vector<pool_row> pool_reader::read_all(const std::vector<actor_seen>& actors) const {
    std::vector<found> pools = counted();
    for (const actor_seen& one : actors) {
        if (one.row.function != function_of_workers) continue;
        auto of = std::find_if(pools.begin(), pools.end(), [&](const found& pool) {
            return pool.queue && pool.row.owner == one.row.parent &&
                   view_.channel(static_cast<std::uint16_t>(*pool.queue)).holders.has(one.row.slot);
        });
        if (of == pools.end()) {
            of = std::find_if(pools.begin(), pools.end(), [&](const found& pool) {
                return pool.row.owner == one.row.parent && pool.row.name == one.row.name;
            });
        }
        if (of == pools.end()) {
            of = pools.insert(of, found{});
            of->row.owner = one.row.parent;
            of->row.name = one.row.name;
        }
        of->workers.push_back(&one);
    }
    std::vector<pool_row> rows;
    for (found& pool : pools) {
        count_running(pool);
        rows.push_back(std::move(pool.row));
    }
    std::sort(rows.begin(), rows.end(), [](const pool_row& a, const pool_row& b) {
        return std::tie(a.owner, a.name) < std::tie(b.owner, b.name);
    });
    return rows;
}

}  // namespace troupe::inspect
