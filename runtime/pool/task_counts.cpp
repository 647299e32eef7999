#include "pool/task_counts.hpp"

#include "base/step.hpp"
#include "shm/shared_text.hpp"

namespace troupe::pools {
namespace {

void count(base::published<std::uint64_t>& word, std::uint64_t many = 1) noexcept { word.set(word.get() + many); }

}  // namespace

void task_counts::begin(shm::program_memory& memory, shm::owner_id owner, shm::channel_record& queue,
                        std::string_view name) noexcept {
    const auto block = memory.blocks().try_take(sizeof(shm::pool_counts), owner);
    if (!block) return;
    memory_ = &memory;
    queue_ = &queue;
    block_ = *block;
    counts_ = reinterpret_cast<shm::pool_counts*>(memory.blocks().at(block_));
    shm::store_text(counts_->name, name);
    counts_->begin(queue.name().value);
    // crash: the dead one's, like its end of the queue; the keeper frees both
    queue.counts.set(block_.value);
    TROUPE_STEP("pool: counts are named");
}

// The queue is still held, so its record is still the pool's.
void task_counts::end() noexcept {
    if (counts_ == nullptr) return;
    counts_ = nullptr;
    queue_->counts.set(0);
    memory_->blocks().release(block_);
}

shm::pool_counts::of_function& task_counts::row_of(const detail::pool_job& job) noexcept {
    const std::uint64_t function = job.sort().function->key();
    if (counts_->functions[last_].function.get() == function) return counts_->functions[last_];
    for (last_ = 0; last_ < shm::pool_counts::most_functions; ++last_) {
        const std::uint64_t known = counts_->functions[last_].function.get();
        if (known == function) break;
        if (known != 0) continue;
        counts_->functions[last_].function.set(function);
        break;
    }
    return counts_->functions[last_];
}

void task_counts::count_given(const detail::pool_job& job, std::size_t many) noexcept {
    if (counts_ != nullptr && many != 0) count(row_of(job).given, many);
}

void task_counts::count_over(const detail::pool_job& job, outcome_kind how) noexcept {
    if (counts_ == nullptr) return;
    shm::pool_counts::of_function& row = row_of(job);
    switch (how) {
    case outcome_kind::done: return count(row.done);
    case outcome_kind::failed: return count(row.failed);
    case outcome_kind::dropped: return count(row.dropped);
    }
}

void task_counts::count_replaced(detail::actor_id worker, const exit_status& end) noexcept {
    if (counts_ == nullptr) return;
    if (end.exited() && end.code() == 0) {
        count(counts_->retired);
    } else {
        counts_->last_lost.set(worker);
    }
    count(counts_->replaced);
}

}  // namespace troupe::pools
