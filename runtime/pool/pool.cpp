#include <troupe/pool.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/queue.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/time.hpp>

#include "channel/port.hpp"
#include "loop/event_loop.hpp"
#include "pool/pool_core.hpp"

namespace troupe {
namespace detail {
namespace {

// A worker that is stopped in the middle of taking a batch keeps the room of those behind it from coming back.
constexpr std::size_t fewest_in_queue = 1024;

// For workers without a task to end, whatever is left of a budget: their exit handlers run.
constexpr std::chrono::nanoseconds least_to_end = std::chrono::seconds(1);

}  // namespace

// --- waits ---------------------------------------------------------------------------------------------------------

void pool_wait::enlist() { core_.waiting_.append(*this); }
void pool_wait::abandon() noexcept { core_.waiting_.remove(*this); }

bool room_turn::try_finish() { return core_.has_room() || !core_.takes_tasks(); }
void room_turn::enlist() { core_.room_turns_.append(*this); }
void room_turn::abandon() noexcept {
    core_.room_turns_.remove(*this);
    core_.room_came();  // if it was woken and leaves, the next one is
}

void pool_core::changed() noexcept {
    waiting_.for_each([](pool_wait& one) { one.wake(); });
}

void pool_core::room_came() noexcept {
    if (!room_turns_.empty() && has_room()) room_turns_.first()->wake();
}

void pool_job::throw_waited_for() { throw misuse("two coroutines wait for the same results of a pool: one at a time"); }
void pool_job::throw_dropped() {
    throw closed("these results were dropped, and what had not begun by then was not done: keep them while you await");
}
void check_waiter(const pool_core& core, const pool_job& job) {
    core.check_here();
    if (job.waited_for()) pool_job::throw_waited_for();
}
void work_on(pool_core& core) { core.work(); }
std::size_t most_waiting(const pool_core& core) noexcept { return core.most_waiting(); }
void submit_to(pool_core& core, std::shared_ptr<pool_job> job) {
    core.check_here();
    core.submit(std::move(job));
}
void drop_job(const std::shared_ptr<pool_core>& core, pool_job& job) noexcept { core->drop(job); }
bool has_room_in(const pool_core& core) {
    core.check_here();
    return core.has_room();
}
task<> room_in(std::shared_ptr<pool_core> core) { co_await room_turn(*core); }

// --- the core ------------------------------------------------------------------------------------------------------

pool_core::pool_core(pool_options options, const registration& worker)
    : here_(actors::own_process::here()),
      owner_(here_.participant().actor()),
      options_(std::move(options)),
      worker_(worker) {
    if (options_.workers == 0) options_.workers = usable_cpus();
    const std::uint32_t most = here_.memory().header().most_actors;
    if (options_.workers > most) {
        throw misuse("pool_options::workers is " + std::to_string(options_.workers) + ", and there are at most " +
                     std::to_string(most) + " actors in this program; raise run_options::actors (to 4095 at most)");
    }
    if (options_.waiting == 0) throw misuse("pool_options::waiting is at least 1");
    if (options_.attempts == 0) throw misuse("pool_options::attempts is at least 1");
    if (options_.task_timeout.count() < 0) throw misuse("pool_options::task_timeout is negative; 0 is none");
    if (options_.worker.name.empty()) options_.worker.name = "worker";
    options_.worker.message_deadline = options_.task_timeout;
    options_.worker.daemon = false;
    options_.worker.linked = false;
    queue_ = make_queue({.capacity = std::max(most_out(), fewest_in_queue), .bytes = ~std::size_t{0} >> 1}, 0);
    counts_.begin(here_.memory(), here_.participant().owner(), queue_.get()->of().record(), options_.worker.name);
    look_.core = this;
    look_.due = [](timer& due) noexcept { static_cast<alarm&>(due).core->look_now(); };
}

pool_core::~pool_core() {
    if (!is_here() || !loop::event_loop::exists()) return;
    if (enrolled()) loop::event_loop::current().dismiss(*this);
    disarm(look_);
}

bool pool_core::is_here() const noexcept {
    actors::own_process* const here = actors::own_process::current();
    return here == &here_ && here->participant().actor() == owner_;
}

void pool_core::check_here() const {
    if (!is_here()) throw misuse("a pool is used by the actor that made it alone: make another one here");
}

void pool_core::check_open() const {
    check_here();
    if (failure_) std::rethrow_exception(failure_);
    if (stage_ != stage::open) throw closed("the pool was closed: make another one for further tasks");
}

void pool_core::submit(std::shared_ptr<pool_job> job) {
    check_open();
    if (job->is_single()) {
        ++under_way_;
        ++singles_;
        counts_.count_given(*job);
    }
    jobs_.push_back(std::move(job));
    room_came();
    work();
}

// What has not begun never does.
void pool_core::drop(pool_job& job) noexcept {
    if (!is_here()) return;
    const bool unread = job.is_single() && !job.exhausted();
    job.drop();
    std::erase_if(jobs_, [&job](const auto& one) { return one.get() == &job; });
    if (unread) task_over(job, pools::outcome_kind::dropped);
    std::erase_if(held_back_, [this, &job](const handed& one) {
        if (one.job.get() != &job) return false;
        for (std::uint32_t i = one.settled; i < one.end; ++i) task_over(job, pools::outcome_kind::dropped);
        discard(one.block);
        return true;
    });
    for (handed& one : out_) {
        if (one.job.get() != &job) continue;
        const auto [first, end] = one.inside.take_back();
        if (first == end) continue;
        one.end = first;
        for (std::uint32_t i = first; i < end; ++i) task_over(job, pools::outcome_kind::dropped);
    }
    changed();
}

std::size_t pool_core::running() const noexcept {
    return static_cast<std::size_t>(std::count_if(out_.begin(), out_.end(), [](const handed& one) {
        const pools::task_batch batch = one.inside;
        return one.job && batch.begun() > batch.done();
    }));
}

std::size_t pool_core::waiting() const noexcept { return under_way_ - std::min(running(), under_way_); }

task<> pool_core::close(std::chrono::nanoseconds budget) {
    check_here();
    const auto deadline = deadline_after(budget);
    stage_ = std::max(stage_, stage::closing);
    changed();
    try {
        const auto all_done = [this] { return under_way_ == 0 && next_job() == nullptr && jobs_.empty(); };
        co_await with_timeout(budget, until(all_done, pool_wait::asker::user));
    } catch (const timed_out&) {
        take_all_results();  // which are done, and were not looked at yet
        drop_all(std::make_exception_ptr(closed("the pool was closed, and its budget was over before this task was")));
        kill_workers();
    }
    stage_ = std::max(stage_, stage::ending);
    changed();
    const auto is_over = [this] { return stage_ == stage::over; };
    try {
        const std::chrono::nanoseconds left = deadline - std::chrono::steady_clock::now();
        co_await with_timeout(std::max(left, least_to_end), until(is_over, pool_wait::asker::user));
    } catch (const timed_out&) {
        kill_workers();  // something that a task has left in them does not end
    }
    co_await until(is_over, pool_wait::asker::user);
}

void pool_core::abandon() noexcept {
    if (!is_here() || stage_ == stage::over) return;
    stage_ = stage::ending;  // or it is so already, and nobody waits for it any more
    drop_all(std::make_exception_ptr(closed("the pool was destroyed before this task was done")));
    kill_workers();
}

}  // namespace detail

pool::pool(pool_options options, const detail::registration& worker)
    : core_(std::make_shared<detail::pool_core>(std::move(options), worker)) {
    detail::pool_core::begin(core_);
}

pool::~pool() { core_->abandon(); }

void pool::check_open() const { core_->check_open(); }
bool pool::has_room() const noexcept { return core_->has_room(); }
void pool::submit(std::shared_ptr<detail::pool_job> job) { core_->submit(std::move(job)); }

namespace {
task<> close_kept(std::shared_ptr<detail::pool_core> core, std::chrono::nanoseconds budget) {
    co_await core->close(budget);
}
}  // namespace
task<> pool::close(detail::length_of_time budget) { return close_kept(core_, budget); }

std::size_t pool::waiting() const noexcept { return core_->waiting(); }
std::size_t pool::running() const noexcept { return core_->running(); }
std::size_t pool::done() const noexcept { return core_->done(); }
std::size_t pool::replaced() const noexcept { return core_->replaced(); }

}  // namespace troupe
