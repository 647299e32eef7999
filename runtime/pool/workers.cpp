// The processes of a pool: how they are started, replaced and ended, and how the pool itself ends.
#include <algorithm>
#include <csignal>
#include <cstring>
#include <system_error>
#include <typeinfo>
#include <utility>

#include <troupe/actor.hpp>
#include <troupe/error.hpp>
#include <troupe/queue.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include "base/type_name.hpp"
#include "channel/port.hpp"
#include "mail/parcel.hpp"
#include "pool/pool_core.hpp"
#include "pool/worker_terms.hpp"

namespace troupe::detail {
namespace {

constexpr std::size_t failures_borne = 3;  // in a row; as many as a supervisor bears restarts

void kill_quietly(actor_id worker) noexcept {
    try {
        refer::to<actor<>>(worker).kill();
    } catch (const std::system_error&) {
        // It has changed its user, and ends with the program.
    }
}

}  // namespace

start_request pool_core::worker_request() const {
    start_request request{&worker_, encoded_message(), false};
    pools::worker_terms terms;
    if (options_.prepare) {
        start_request prepare = options_.prepare.request();
        terms.prepare = prepare.entry->key();
        terms.prepare_is_flat = prepare.arguments->flat ? 1 : 0;
        std::swap(*request.arguments, *prepare.arguments);
    }
    terms.tasks_per_worker = options_.tasks_per_worker;
    terms.worker_memory = options_.worker_memory;
    terms.is_timed = options_.task_timeout.count() != 0 ? 1 : 0;
    request.arguments->bytes.append(&terms, sizeof terms);
    request.arguments->handles.push_back(queue_.share());
    request.arguments->flat = false;
    return request;
}

void pool_core::begin(const std::shared_ptr<pool_core>& self) {
    self->self_ = self;
    loop::event_loop::current().enroll(*self);
    self->here_.background().add(manage(self));
    if (self->options_.lazy) return;
    for (unsigned i = 0; i < self->options_.workers; ++i) self->add_worker();
}

void pool_core::add_worker() {
    ++kept_;
    here_.background().add(keep_worker(self_.lock()));
}

// One worker after the other, in one place.
task<> pool_core::keep_worker(std::shared_ptr<pool_core> self) {
    pool_core& core = *self;
    actor_id worker;
    try {
        while (core.stage_ < stage::ending && !core.failure_) {
            worker = co_await core.start_worker();
            if (!worker) continue;
            if (core.stage_ >= stage::ending || core.failure_) kill_quietly(worker);
            const exit_status end = co_await refer::to<actor<>>(worker).join();
            const actor_id ended = std::exchange(worker, {});
            std::erase(core.workers_, ended);
            if (core.stage_ >= stage::ending) continue;
            ++core.replaced_;
            core.counts_.count_replaced(ended, end);
            // What a task throws stays in its batch: this is the pool's own queue, which no worker can read any more.
            if (end.exception_type() == base::type_name(typeid(corrupt))) {
                core.fail(std::make_exception_ptr(corrupt(end.exception_text())));
            }
        }
    } catch (...) {
        // The process ends: nothing else leaves these calls.
        if (worker) kill_quietly(worker);
    }
    --core.kept_;
    core.changed();
}

task<> pool_core::start_into(actor_id* worker) { *worker = co_await detail::start(options_.worker, worker_request()); }

// Returns nobody if it could not be started, or the pool has ended before it was.
task<actor_id> pool_core::start_worker() {
    std::exception_ptr why;
    try {
        actor_id worker;
        co_await when_any(start_into(&worker), until([this] { return stage_ >= stage::ending || failure_; }));
        if (!worker) co_return worker;
        failures_in_a_row_ = 0;
        workers_.push_back(worker);
        co_return worker;
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        why = std::current_exception();  // also of the user's own code that makes arguments into a message
    }
    if (++failures_in_a_row_ > failures_borne) fail(why);
    co_return actor_id{};
}

// The pool works no more: every task fails with that, and whoever gives in another one is told.
void pool_core::fail(std::exception_ptr why) noexcept {
    if (failure_) return;
    failure_ = std::move(why);
    drop_all(failure_);
    kill_workers();
}

void pool_core::drop_all(const std::exception_ptr& why) noexcept {
    for (const std::shared_ptr<pool_job>& one : std::exchange(jobs_, {})) {
        if (one->exhausted()) continue;
        one->break_off(why);
        if (one->is_single()) task_over(*one, pools::outcome_kind::failed);
    }
    for (handed& one : out_) {
        fail_unsettled(one, why);
        one.job.reset();
    }
    for (handed& one : std::exchange(held_back_, {})) {
        fail_unsettled(one, why);
        discard(one.block);
    }
    while (!room_turns_.empty()) {
        room_turn* const first = room_turns_.first();
        room_turns_.remove(*first);
        first->wake();
    }
    changed();
}

void pool_core::kill_workers() noexcept {
    for (const actor_id one : workers_) kill_quietly(one);
}

// Waits until the pool is to end, and sees to it that nothing is left of it.
task<> pool_core::manage(std::shared_ptr<pool_core> self) {
    pool_core& core = *self;
    try {
        co_await core.until([&core] { return core.stage_ >= stage::ending; });
        close_port(*core.queue_.get());
        co_await core.until([&core] { return core.kept_ == 0; });
        co_await core.until([&core] { return core.all_home(); });
    } catch (...) {
        // The process ends, and what it has is freed.
        core.stage_ = stage::ending;
        core.kill_workers();
    }
    core.stage_ = stage::over;
    for (const handed& one : std::exchange(core.spare_, {})) core.discard(one.block);
    core.counts_.end();
    core.queue_ = {};
    core.options_.prepare = {};  // which may hold handles; the core may be kept for its results
    loop::event_loop::current().dismiss(core);
    disarm(core.look_);
    core.changed();
}

// What no worker took is received here, whatever its record is like by now; the keeper hands back what a dead one had.
bool pool_core::all_home() {
    const shm::owner_id here = here_.participant().owner();
    std::erase_if(out_, [this, here](const handed& one) {
        if (is_home(one)) {
            mail::take_back_parcel(here_.memory(), one.block, here);
        } else if (!mail::receive_parcel(here_.memory(), one.block, here, here)) {
            return false;
        }
        discard(one.block);
        return true;
    });
    return out_.empty();
}

}  // namespace troupe::detail
