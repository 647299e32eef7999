// How a pool makes batches of what its jobs have, and puts them where workers take them.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <troupe/detail/encoded_message.hpp>
#include <troupe/error.hpp>

#include "base/step.hpp"
#include "channel/port.hpp"
#include "mail/parcel.hpp"
#include "pool/pool_core.hpp"

namespace troupe::detail {
namespace {

constexpr std::int64_t batch_length = 1'000'000;          // ns, that a batch is to take
constexpr std::size_t most_tasks = 65'536;                // of a batch
constexpr std::size_t most_input = std::size_t{1} << 18;  // bytes, from which on nothing is added
constexpr std::size_t usual_result = 64, most_usual_room = std::size_t{1} << 15;
constexpr std::size_t room_for_text = 1'200;  // of one exception
constexpr std::size_t largest_spare = 4'096;  // bytes of a block that is kept for the next tasks

constexpr std::uint32_t batch_type = 1;  // of the records in the pool's queue

std::size_t room_for(const task_sort& sort, std::size_t tasks) {
    const std::size_t flat = tasks * ((sort.result_bytes + 7) / 8 * 8);
    if (sort.result_bytes != 0 && !sort.carries_handles) return flat;
    return std::max(flat, std::min(tasks * usual_result, most_usual_room)) + room_for_text;
}

}  // namespace

// In turn. Those that have nothing more are forgotten.
std::shared_ptr<pool_job> pool_core::next_job() noexcept {
    for (std::size_t looked_at = 0; looked_at < jobs_.size();) {
        std::shared_ptr<pool_job> first = std::move(jobs_.front());
        jobs_.pop_front();
        if (first->exhausted()) continue;
        const bool ready = first->readable(options_.waiting) != 0;
        jobs_.push_back(first);
        if (ready) return first;
        ++looked_at;
    }
    return nullptr;
}

// One task first; then as many as take about a millisecond, and never more than an equal share of what may be read.
std::size_t pool_core::size_of_next(pool_job& job) const {
    if (job.sort().carries_handles || job.task_length < 0) return 1;
    const std::size_t share = job.readable(options_.waiting) / (2 * options_.workers);
    const auto by_time = static_cast<std::size_t>(batch_length / std::max<std::int64_t>(job.task_length, 1));
    return std::clamp<std::size_t>(by_time, 1, std::clamp<std::size_t>(share, 1, most_tasks));
}

// Returns false if no job has anything now.
bool pool_core::hand_out_one() {
    const std::shared_ptr<pool_job> job = next_job();
    if (!job) return false;
    const std::size_t most = size_of_next(*job);
    encoded_message inputs;
    inputs->flat = job->sort().flat_input;
    tasks_.clear();
    ends_.clear();
    for (std::size_t i = 0; i < most && inputs->bytes.size() < most_input; ++i) {
        std::size_t index = 0;
        if (!job->read(*inputs, index)) break;
        if (index == pool_job::unreadable) {
            ++done_;
            counts_.count_given(*job);
            counts_.count_over(*job, pools::outcome_kind::failed);
            continue;
        }
        if (!job->is_single()) ++under_way_;
        tasks_.push_back({index, 0});
        ends_.push_back(static_cast<std::uint32_t>(inputs->bytes.size()));
    }
    if (!job->is_single()) counts_.count_given(*job, tasks_.size());
    if (job->exhausted() && !jobs_.empty() && jobs_.back() == job) jobs_.pop_back();
    return tasks_.empty() || hand_out(job, tasks_, ends_, *inputs);
}

// A batch without tasks, with room for so many bytes. Throws out_of_memory.
pool_core::handed pool_core::empty_batch(std::size_t bytes) {
    if (!spare_.empty() && bytes <= spare_.back().inside.bytes()) {
        handed kept = std::move(spare_.back());
        spare_.pop_back();
        return kept;
    }
    handed made;
    made.block = channel::or_make_room(here_.participant(), [&] {
        return mail::make_lent_parcel(here_.memory(), here_.participant().owner(), bytes);
    });
    made.inside = pools::task_batch(mail::bytes_of_lent_parcel(here_.memory(), made.block));
    return made;
}

// A batch that is over is used again if it is small, so that single tasks take no block each. No record names its block
// any more: the worker had finished the record before it began the tasks. Returns false if it is to be discarded.
bool pool_core::keep_spare(handed& batch) noexcept {
    const bool is_done = batch.job && !batch.lent_again && batch.inside.done() == batch.tasks.size();
    if (!is_done || batch.job->sort().carries_handles || spare_.size() >= most_out() || stage_ >= stage::ending ||
        here_.memory().blocks().bytes(batch.block) > largest_spare) {
        return false;
    }
    const auto listed = mail::look_into_parcel(here_.memory(), batch.block);
    if (!listed || !listed->handles.empty()) return false;
    handed kept;
    kept.block = batch.block;
    kept.inside = batch.inside;
    kept.tasks = std::move(batch.tasks);
    spare_.push_back(std::move(kept));
    return true;
}

// Returns false if there is no memory for it; the tasks have failed then. Nothing stands behind a large input: where it
// is what there is no room for, it fails alone.
bool pool_core::hand_out(std::shared_ptr<pool_job> job, std::span<const handed_task> tasks,
                         std::span<const std::uint32_t> ends, outgoing& inputs) {
    const task_sort& sort = job->sort();
    handed batch;
    std::exception_ptr why_not;
    bool has_memory = true;
    try {
        if (inputs.handles.size() > mail::most_handles) {
            throw too_large("the argument of a task carries " + std::to_string(inputs.handles.size()) +
                            " handles, and 64 is the most; give them to several tasks");
        }
        batch =
            empty_batch(pools::task_batch::bytes_for(tasks.size(), inputs.bytes.size(), room_for(sort, tasks.size())));
    } catch (const out_of_memory&) {
        why_not = std::current_exception();
        has_memory = false;
    } catch (const error&) {
        why_not = std::current_exception();
    }
    if (!has_memory && tasks.size() > 1 && inputs.bytes.size() >= most_input) {
        const std::size_t others = tasks.size() - 1;
        const std::uint32_t before = ends[others - 1];
        encoded_message last;
        last->bytes.append(inputs.bytes.data() + before, inputs.bytes.size() - before);
        inputs.bytes.truncate(before);
        const auto end = static_cast<std::uint32_t>(last->bytes.size());
        has_memory = hand_out(job, tasks.first(others), ends.first(others), inputs);
        return hand_out(std::move(job), tasks.last(1), std::span(&end, 1), *last) && has_memory;
    }
    batch.job = std::move(job);
    batch.tasks.assign(tasks.begin(), tasks.end());
    batch.end = static_cast<std::uint32_t>(tasks.size());
    if (why_not) {
        fail_unsettled(batch, why_not);
        return has_memory;
    }
    batch.inside.lay_out({sort.function->key(), sort.flat_input, sort.carries_handles, sort.result_bytes}, ends,
                         inputs.bytes);
    if (!inputs.handles.empty()) {
        batch.handles = inputs.handles.size();
        mail::list_in_lent_parcel(here_.memory(), batch.block, inputs.handles);
        std::erase_if(inputs.handles, [](const handle_ref& one) { return (one.role & buffer_role) != 0; });
    }
    lend(std::move(batch));
    return true;
}

// Some tasks of a batch, in a batch of their own.
void pool_core::hand_part(const handed& from, std::uint32_t first, std::uint32_t end) {
    const pools::task_batch batch = from.inside;
    encoded_message inputs;
    std::vector<std::uint32_t> ends;
    for (std::uint32_t task = first; task < end; ++task) {
        const auto input = batch.input(task);
        inputs->bytes.append(input.data(), input.size());
        ends.push_back(static_cast<std::uint32_t>(inputs->bytes.size()));
    }
    hand_out(from.job, std::span(from.tasks).subspan(first, end - first), ends, *inputs);
}

// From here on a worker may have it.
void pool_core::lend(handed batch) {
    std::uint64_t parcel = batch.block.value;
    batch.begun_at_look = batch.settled;
    try {
        channel::outbox& queue = queue_.sending("the pool's queue");
        switch (queue.push_parcel({.type = batch_type}, parcel)) {
        case push_result::sent:
            batch.up_to = queue_.get()->of().ring().tail_position();
            out_.push_back(std::move(batch));
            return;
        case push_result::full: held_back_.push_back(std::move(batch)); return;
        case push_result::closed: throw closed("the pool's queue has ended");
        }
    } catch (const error&) {
        fail_unsettled(batch, std::current_exception());
        discard(batch.block);
    }
}

void pool_core::fail_unsettled(handed& batch, const std::exception_ptr& why) noexcept {
    if (!batch.job) return;
    for (; batch.settled < batch.end; ++batch.settled) {
        batch.job->lose(batch.tasks[batch.settled].index, why);
        task_over(*batch.job, pools::outcome_kind::failed);
    }
}

void pool_core::work() {
    if (working_ || stage_ >= stage::ending) return;
    working_ = true;
    for (std::size_t left = held_back_.size(); left > 0; --left) {
        handed first = std::move(held_back_.front());
        held_back_.pop_front();
        lend(std::move(first));
    }
    while (held_back_.empty() && out_.size() < most_out() && hand_out_one()) {
    }
    working_ = false;
    if (options_.lazy && !failure_) {
        const auto wanted = static_cast<std::size_t>(
            std::count_if(out_.begin(), out_.end(), [](const handed& one) { return !one.is_settled(); }));
        while (kept_ < options_.workers && kept_ < wanted) add_worker();
    }
    // Where there was no memory for a batch, the next one is tried a little later.
    if ((!out_.empty() || !held_back_.empty() || next_job() != nullptr) && !look_.armed()) look_again();
    if (under_way_ == 0 && jobs_.empty()) changed();  // the last input was read after the last task was over
}

// A worker has nothing to do while tasks wait behind a long one.
void pool_core::take_back_for_idle() {
    std::size_t busy = 0;
    std::size_t found = out_.size();
    std::uint32_t most = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) {
        handed& one = out_[i];
        const pools::task_batch batch = one.inside;
        if (!batch.worker()) return;  // it waits for the idle one
        ++busy;
        const std::uint32_t begun = batch.begun();
        const bool stays = std::exchange(one.begun_at_look, begun) == begun;
        if (!stays || !one.job || one.end <= begun || one.end - begun <= most) continue;
        most = one.end - begun;
        found = i;
    }
    if (found == out_.size() || busy >= workers_.size()) return;
    const auto [first, end] = out_[found].inside.take_back();
    if (first == end) return;
    out_[found].end = first;
    const handed from = out_[found];  // what is handed out may move the others
    const auto parts = static_cast<std::uint32_t>(std::min<std::size_t>(workers_.size() - busy, end - first));
    for (std::uint32_t part = 0; part < parts; ++part) {
        const auto cut = [&](std::uint32_t at) {
            return first + static_cast<std::uint32_t>(std::uint64_t{end - first} * at / parts);
        };
        hand_part(from, cut(part), cut(part + 1));
    }
}

}  // namespace troupe::detail
