#include "actor/turns.hpp"

#include <utility>

#include <troupe/error.hpp>
#include <troupe/this_actor.hpp>

#include "actor/own_process.hpp"
#include "loop/event_loop.hpp"

namespace troupe::actors {

int turns::wakeup_fd() { return loop::event_loop::current().wakeup_fd(); }

void turns::take() {
    loop::event_loop& loop = loop::event_loop::current();
    has_turned_ = true;
    loop.turn();
    if (!failures_.empty()) {
        const std::exception_ptr first = std::move(failures_.front());
        failures_.pop_front();
        if (!failures_.empty()) loop.expect_turn();
        std::rethrow_exception(first);
    }
    if (std::exchange(interrupted_, false) || is_over()) {
        throw cancelled("cancelled: this actor is to end, so that its own loop does not turn any more");
    }
}

// Asked to stop, with nothing left that would go on in a turn. One that reads its mailbox by itself knows when it has
// read all.
bool turns::is_over() const noexcept {
    return here_.stop_requested() && running_ == 0 && (has_started_ || here_.mailbox() == nullptr);
}

void turns::start(task<> work) {
    if (work.promise() == nullptr) throw misuse("this_actor::start was given a task that is empty or was moved from");
    here_.background().add(run(std::move(work)));
    ++running_;
    has_started_ = true;
    loop::event_loop::current().expect_turn();
}

task<> turns::run(task<> work) {
    std::exception_ptr failure;
    try {
        task<> begun = std::move(work);  // its parameters are let go of here, not when another task is started
        co_await std::move(begun);
    } catch (const cancelled&) {
        // It was told to.
    } catch (...) {
        failure = std::current_exception();
    }
    --running_;
    if (failure) note(std::move(failure));
}

// Where there are no turns, nobody but this actor's end can tell of it.
void turns::note(std::exception_ptr failure) {
    if (here_.background().ending()) return;
    if (has_turned_) {
        failures_.push_back(std::move(failure));
    } else {
        here_.fail(std::move(failure));
    }
}

}  // namespace troupe::actors

namespace troupe::this_actor {

int wakeup_fd() { return actors::own_process::here().turns().wakeup_fd(); }
void turn() { actors::own_process::here().turns().take(); }
void start(task<> work) { actors::own_process::here().turns().start(std::move(work)); }

}  // namespace troupe::this_actor
