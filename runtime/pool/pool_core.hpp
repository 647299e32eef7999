// The compiled core of a pool.
//
// It draws inputs from its jobs, packs them into batches, and puts the batches into one queue, from which all workers
// take them. As a source of the loop it looks at the batches that are out: results are read from where the worker has
// stored them, and no message says that they are there. A batch comes home when its worker is through with it, or has
// died with it; what is left of it is handed out again, all but the task that was in hand.
//
// Whoever gives in one task after the other is woken once for each: by its result. That the batch came home as well is
// noticed at the next turn. Short tasks do not ring this process. While any are out, a timer has it look, after 2 ms at
// first and then ever less often, up to 64 ms. When a worker has nothing to do, what lies behind a long task is taken
// back for it then. A record that another process has written over is dropped by whoever takes it: its batch is found
// then, and handed out again.
//
// `manage` runs in the background and ends the workers; one task for each worker starts it, and starts the next one
// when it has ended. They keep the core until the last worker has ended and every batch is home.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <troupe/detail/end_hold.hpp>
#include <troupe/detail/timer.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/pool.hpp>

#include "actor/own_process.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"
#include "pool/task_batch.hpp"
#include "pool/task_counts.hpp"
#include "shm/block.hpp"

namespace troupe::detail {

// Waits until something holds; asked again whenever the core says that something has changed.
class pool_wait final : public wait {
public:
    enum class asker : std::uint8_t { core, user };
    pool_wait(pool_core& core, std::function<bool()> holds, asker whose)
        : core_(core), holds_(std::move(holds)), whose_(whose) {}
    void await_resume() const { throw_if_failed(); }
    bool is_users() const noexcept { return whose_ == asker::user; }

    pool_wait* next_waiting = nullptr;

private:
    bool try_finish() override { return holds_(); }
    void enlist() override;
    void abandon() noexcept override;

    pool_core& core_;
    std::function<bool()> holds_;
    asker whose_;
};

// Waits until the pool has room for one more task, or takes none any more. The first in line is woken for each room.
class room_turn final : public wait {
public:
    explicit room_turn(pool_core& core) noexcept : core_(core) {}
    void await_resume() const { throw_if_failed(); }

    room_turn* next_waiting = nullptr;

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    pool_core& core_;
};

class pool_core final : private loop::source {
public:
    pool_core(pool_options options, const registration& worker);
    ~pool_core();

    // Starts the workers; `self` keeps the core until they have ended.
    static void begin(const std::shared_ptr<pool_core>& self);
    // The pool is gone: the workers are killed, and what is under way fails.
    void abandon() noexcept;

    void check_here() const;
    void check_open() const;
    std::size_t most_waiting() const noexcept { return options_.waiting; }
    bool has_room() const noexcept { return singles_ < options_.waiting; }
    void submit(std::shared_ptr<pool_job> job);
    void drop(pool_job& job) noexcept;
    // Hands out what can be handed out.
    void work();
    task<> close(std::chrono::nanoseconds budget);

    std::size_t waiting() const noexcept;
    std::size_t running() const noexcept;
    std::size_t done() const noexcept { return done_; }
    std::size_t replaced() const noexcept { return replaced_; }

private:
    friend class pool_wait;
    friend class room_turn;

    // A task of a batch that is out: which input of its job, and how often it was given to a worker.
    struct handed_task {
        std::size_t index;
        unsigned attempts;
    };
    // A batch that is out.
    struct handed {
        shm::block_id block;
        pools::task_batch inside;
        std::shared_ptr<pool_job> job;
        std::vector<handed_task> tasks;
        std::uint32_t settled = 0;  // tasks below it have their outcomes
        std::uint32_t end = 0;      // what lies behind it was taken back
        std::size_t handles = 0;    // of its input
        std::uint32_t begun_at_look = 0;
        std::uint64_t up_to = 0;  // in the queue: its record stands before that
        std::uint64_t spent = 0;  // ns, of what was measured so far
        bool lent_again = false;  // another record may name the block

        bool is_settled() const noexcept { return !job || settled >= end; }
    };
    enum class stage : std::uint8_t { open, closing, ending, over };
    struct alarm : timer {
        pool_core* core = nullptr;
    };

    // as a source
    bool poll() override;
    bool glance() override;
    loop::parking park() override;
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;

    bool is_here() const noexcept;
    bool takes_tasks() const noexcept { return stage_ == stage::open && !failure_; }
    std::size_t most_out() const noexcept { return 2 * options_.workers + 2; }
    void changed() noexcept;
    void room_came() noexcept;
    pool_wait until(std::function<bool()> holds, pool_wait::asker whose = pool_wait::asker::core) {
        return {*this, std::move(holds), whose};
    }

    // handing_out.cpp
    std::shared_ptr<pool_job> next_job() noexcept;
    bool hand_out_one();
    std::size_t size_of_next(pool_job& job) const;
    bool hand_out(std::shared_ptr<pool_job> job, std::span<const handed_task> tasks,
                  std::span<const std::uint32_t> ends, outgoing& inputs);
    handed empty_batch(std::size_t bytes);
    bool keep_spare(handed& batch) noexcept;
    void hand_part(const handed& from, std::uint32_t first, std::uint32_t end);
    void lend(handed batch);
    void fail_unsettled(handed& batch, const std::exception_ptr& why) noexcept;
    void take_back_for_idle();

    // settling.cpp
    bool look_at_all();
    bool take_all_results();
    void find_dropped();
    bool has_results(const handed& batch) const noexcept;
    bool is_home(const handed& batch) const noexcept;
    bool take_results(std::size_t place);
    bool settle(handed& batch, std::uint32_t task);
    incoming content_of(const handed& batch, const pools::task_result& result) const;
    void came_home(std::size_t place);
    bool is_whole(const handed& batch) const;
    bool is_lost(handed& batch, std::uint32_t task);
    void task_over(const pool_job& job, pools::outcome_kind how) noexcept;
    void measure(handed& batch, std::uint32_t newly_done) noexcept;
    void discard(shm::block_id block) noexcept;
    void look_again() noexcept;
    void look_now() noexcept;

    // workers.cpp
    static task<> manage(std::shared_ptr<pool_core> self);
    static task<> keep_worker(std::shared_ptr<pool_core> self);
    task<> start_into(actor_id* worker);
    task<actor_id> start_worker();
    void add_worker();
    start_request worker_request() const;
    void fail(std::exception_ptr why) noexcept;
    void drop_all(const std::exception_ptr& why) noexcept;
    void kill_workers() noexcept;
    bool all_home();

    actors::own_process& here_;
    actor_id owner_;
    pool_options options_;
    const registration& worker_;
    end_hold queue_;
    std::deque<std::shared_ptr<pool_job>> jobs_;  // that may have inputs; in turn
    std::vector<handed> out_;
    std::deque<handed> held_back_;     // there was no room for them
    std::vector<handed> spare_;        // small ones that are over, for the next tasks
    std::vector<handed_task> tasks_;   // of the batch that is being packed; kept for its memory
    std::vector<std::uint32_t> ends_;  // the same
    std::size_t under_way_ = 0;        // of single tasks, and of batches that are out
    std::size_t singles_ = 0;          // of these, the single tasks
    std::size_t done_ = 0;
    std::size_t replaced_ = 0;
    pools::task_counts counts_;      // the same and more, for others to see
    std::vector<actor_id> workers_;  // that live
    std::size_t kept_ = 0;           // tasks that each look after a worker
    std::size_t failures_in_a_row_ = 0;
    std::exception_ptr failure_;
    stage stage_ = stage::open;
    std::weak_ptr<pool_core> self_;
    alarm look_;
    std::chrono::nanoseconds look_after_{};
    bool working_ = false;
    channel::waiting_list<pool_wait> waiting_;
    channel::waiting_list<room_turn> room_turns_;
};

}  // namespace troupe::detail
