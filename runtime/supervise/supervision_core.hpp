// The compiled core of a supervisor.
//
// One task in the background of the process, `watch`, does everything that changes a child which exists: it starts it
// again, ends it, forgets it. It takes one thing at a time. Calls from outside leave a wish (`stopping_`, `unwanted`,
// `renewed`), wake it, and wait until it is fulfilled; `start` alone works beside it, and adds the child when it has
// been started. A restart that is put off is an entry with a time (`due_`), and nothing waits for it but that time:
// meanwhile others end, are removed and are started again, and whoever is removed is no longer in it.
//
// How a child ends is decided by the keeper, in one step with its death: down (it may be started again, and references
// to it stay good) or dead. So nobody can see an actor dead that then comes back. See process_slot.hpp.
//
// If the process that supervises dies, the keeper ends its children, those that are down too.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <troupe/detail/wait.hpp>
#include <troupe/supervisor.hpp>

#include "actor/own_process.hpp"
#include "base/clock.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"
#include "shm/death_watch.hpp"

namespace troupe::detail {

// Waits until something holds; asked again whenever the core says that something has changed.
class supervision_wait final : public wait {
public:
    supervision_wait(supervision_core& core, std::function<bool()> holds, std::optional<actor_id> whose_end)
        : core_(core), holds_(std::move(holds)), whose_end_(whose_end) {}
    void await_resume() const { throw_if_failed(); }

    // Whose end a user's coroutine waits for here, and none for all children; nothing where the core waits itself.
    const std::optional<actor_id>& whose_end() const noexcept { return whose_end_; }

    supervision_wait* next_waiting = nullptr;

private:
    bool try_finish() override { return holds_(); }
    void enlist() override;
    void abandon() noexcept override;

    supervision_core& core_;
    std::function<bool()> holds_;
    std::optional<actor_id> whose_end_;
};

class supervision_core final : private loop::source {
public:
    explicit supervision_core(supervisor_options options);
    ~supervision_core();

    // Starts the watching; `self` keeps the core until that has ended.
    static void begin(const std::shared_ptr<supervision_core>& self);
    // The supervisor is gone: nobody is looked after any more.
    void abandon() noexcept;

    task<actor<>> start(child_spec spec);
    task<> remove(actor_id actor);
    task<> restart(actor_id actor);
    task<> stop();
    task<> join();
    void check_open() const;

    std::vector<actor<>> children() const;
    std::vector<child_report> report() const;
    std::size_t restarts() const noexcept { return restarts_; }
    std::size_t letters_lost() const noexcept { return letters_lost_; }

private:
    friend class supervision_wait;
    using ends = std::deque<base::time_point>;
    struct child {
        actor_id id;
        child_spec spec;
        ends recent = {};                                    // its own, for its back-off
        base::time_point since = base::steady_clock::now();  // its process runs
        bool unwanted = false;
        bool renewed = false;          // it is to end, and to be started again at once
        bool due = false;              // it is in `due_`
        std::string not_started = {};  // why its last start failed
    };
    // Children that are down, or are about to be, and start again together.
    struct restart_due {
        std::vector<actor_id> those;
        base::time_point when;
    };

    static task<> watch(std::shared_ptr<supervision_core> self);
    task<> something_to_do();
    bool has_something_to_do();
    task<> attend_to_ends();
    task<> restart_together(std::vector<actor_id> down);
    task<> end_those(std::vector<actor_id> those);
    task<> start_again(std::vector<actor_id> those);
    task<> start_one(actor_id actor);
    task<> too_late(actor_id actor);
    task<> renew(actor_id actor);
    task<> end_kid(actor_id actor);
    task<> end_all();
    std::chrono::nanoseconds pause_after(std::size_t ends_within_window);
    void give_up(actor_id last);
    void set_aside(actor_id actor);
    std::size_t count_end(ends& recent) const;

    child* find(actor_id actor) noexcept;
    child* next_unwanted() noexcept;
    child* next_renewed() noexcept;
    child* next_ended() noexcept;
    restart_due* next_due() noexcept;  // the earliest
    void take_from_due(actor_id actor) noexcept;
    bool ended(actor_id actor) const;  // it has no process: down or dead
    bool is_down(actor_id actor) const;
    void forget(actor_id actor) noexcept;
    void changed() noexcept;
    supervision_wait until(std::function<bool()> holds, std::optional<actor_id> whose_end = std::nullopt) {
        return {*this, std::move(holds), whose_end};
    }

    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;

    actors::own_process& here_;
    supervisor_options options_;
    std::vector<child> children_;  // in the order in which they were started
    std::vector<restart_due> due_;
    ends recent_;
    std::size_t restarts_ = 0;
    std::size_t letters_lost_ = 0;
    shm::death_watch deaths_;
    std::exception_ptr failure_;
    branch* watching_ = nullptr;
    std::size_t joined_by_ = 0;
    std::mt19937 dice_{std::random_device{}()};
    bool stopping_ = false;
    bool over_ = false;
    channel::waiting_list<supervision_wait> waiting_;
};

}  // namespace troupe::detail
