// Counts the tasks and workers of a pool where those who look in from outside find them. See shm/pool_counts.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <troupe/detail/pool_job.hpp>
#include <troupe/exit_status.hpp>

#include "shm/pool_counts.hpp"
#include "shm/program_memory.hpp"

namespace troupe::pools {

// What became of a task.
enum class outcome_kind : std::uint8_t { done, failed, dropped };

class task_counts {
public:
    task_counts() noexcept = default;
    task_counts(const task_counts&) = delete;
    task_counts& operator=(const task_counts&) = delete;

    // For the pool with this queue. Where there is no memory for it, nothing is counted.
    void begin(shm::program_memory& memory, shm::owner_id owner, shm::channel_record& queue,
               std::string_view name) noexcept;
    void end() noexcept;

    void count_given(const detail::pool_job& job, std::size_t many = 1) noexcept;
    void count_over(const detail::pool_job& job, outcome_kind how) noexcept;
    void count_replaced(detail::actor_id worker, const exit_status& end) noexcept;

private:
    shm::pool_counts::of_function& row_of(const detail::pool_job& job) noexcept;

    shm::program_memory* memory_ = nullptr;
    shm::channel_record* queue_ = nullptr;
    shm::block_id block_;
    shm::pool_counts* counts_ = nullptr;  // null: nothing is counted
    std::size_t last_ = 0;                // the row that was used last
};

}  // namespace troupe::pools
