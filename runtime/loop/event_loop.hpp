// The loop of a process: runs what is ready, looks at the sources, and sleeps when there is nothing to do.
//
// One loop a process, made on first use, run by the one thread that runs user code. A turn is:
//   1. run the ready queue, within a budget; tell the host
//   2. if the last poll found something: descriptors and timers get their share, at every tick of the coarse clock and
//      at least every 64 turns; then poll the sources
//   3. nothing ready: spin, if the host allows, and if it was not a descriptor that had something last
//   4. still nothing: park the sources and sleep in libuv until the doorbell, the earliest timer or a descriptor
//   5. awake: [doorbell: take its rings], tell the host, unpark the sources, fire the timers that are due
// A turn's time is that of the clock reading which it has anyway: in 2, in the spin, or for a timer; after a sleep it
// is read. So it is a little older than the turn, and as exact as the coarse clock.
//
// An idle process has no timer of the loop's own: it is woken zero times a second.
//
// The last look before sleeping (ready queue, parking, the earliest timer) happens in libuv's prepare step, because
// libuv's own callbacks may have made something ready in the same run, before it computes how long to sleep.
//
// A process may have a loop of its own, of another library. Then that one watches `wakeup_fd` and calls `turn`, which
// does all of the above but the spin and the sleep: it ends parked, with the earliest timer in a clock that makes the
// descriptor readable (wakeup_clock.hpp), and the next one unparks.
//
// A process that has run a loop is never forked and carried on with that loop: the child calls `abandon` first.
#pragma once

#include <cstddef>
#include <memory>

#include <troupe/detail/ready_queue.hpp>

#include "base/clock.hpp"
#include "loop/descriptor_set.hpp"
#include "loop/doorbell.hpp"
#include "loop/host.hpp"
#include "loop/source.hpp"
#include "loop/spin.hpp"
#include "loop/timer_set.hpp"
#include "loop/wakeup_clock.hpp"

struct uv_loop_s;

namespace troupe::detail {
class branch;
}

namespace troupe::loop {

class event_loop {
public:
    // This process's loop, made on first use. Throws std::system_error when it cannot be made (no descriptors left).
    static event_loop& current();
    static bool exists() noexcept;
    // Whom the loop of this process works for, whether it has been made or not; null: nobody.
    static void work_for(host* one);

    // In a fork child, before anything else of this layer: forgets the parent's loop and ready queue without touching
    // them. Allocates nothing. The descriptors inherited from the parent's loop are closed.
    static void abandon() noexcept;

    // Closes the loop of this process, if there is one, and every descriptor it opened. Nothing may wait any more, and
    // the loop is not running.
    static void close();

    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    // Runs turns until `done(argument)`, which is asked after each run of the ready queue. Throws misuse inside itself:
    // that is, from a coroutine or from a plain function that a coroutine called.
    void run_until(bool (*done)(void*), void* argument);
    template <class Done>
    void run_until(Done done) {
        run_until([](void* d) -> bool { return (*static_cast<Done*>(d))(); }, &done);
    }
    // The same, for a branch that was started; `awaited` is that branch meanwhile, for whoever has to end it early.
    void run_until_ended(detail::branch& one);
    detail::branch* awaited() const noexcept { return awaited_; }
    bool running() const noexcept { return running_; }

    // For whoever waits in a loop of another library: one descriptor, readable when there is something to do. Made when
    // it is first asked for; throws std::system_error.
    int wakeup_fd();
    // Does what there is to do, 256 steps at most, and never waits. Throws misuse inside itself.
    void turn();
    // Something was made ready outside of a turn.
    void expect_turn() noexcept {
        if (clock_ && !running_) clock_->set_to_now();
    }

    void enroll(source& one) noexcept { sources_.enroll(one); }
    void dismiss(source& one) noexcept { sources_.dismiss(one); }
    timer_set& timers() noexcept { return timers_; }
    // What this process waits for in descriptors; made when it is first asked for. Throws io_failed.
    descriptor_set& descriptors();
    descriptor_set* made_descriptors() const noexcept { return descriptors_.get(); }
    // A descriptor has ended a wait, in this run of libuv.
    void told_by_descriptor() noexcept { descriptors_alone_ = true; }

    // What the coroutines of this process wait for. Of what they wait for without the loop's help it knows nothing.
    void describe(wait_notes& into) const noexcept;

    // Whether somebody in a coroutine may spin for a moment: nobody else in this process is to run, and none that wants
    // this CPU.
    bool may_spin() const { return detail::ready.empty() && host_->may_spin(); }
    // Leaves the sources alone for some µs, where nobody waits for this process and it may spin.
    void rest() const { loop::rest(*host_); }

    uv_loop_s* uv() noexcept;

private:
    struct handles;

    event_loop();
    ~event_loop();

    void serve(host& one);
    void note_time(base::time_point now) noexcept;
    std::size_t run_ready(std::size_t budget) noexcept;
    void look();
    void attend();
    void sleep();
    bool doze();
    void resume();
    void prepare();
    bool fire_due();
    bool may_sleep();

    std::unique_ptr<handles> handles_;
    std::unique_ptr<doorbell> doorbell_;
    std::unique_ptr<descriptor_set> descriptors_;
    std::unique_ptr<wakeup_clock> clock_;  // of a process that turns in another's loop
    source_list sources_;
    timer_set timers_;
    host* host_;
    detail::branch* awaited_ = nullptr;
    event_loop* abandoned_ = nullptr;  // the parent's, in a fork child

    base::time_point last_attended_{};  // by the coarse clock
    int turns_unattended_ = 0;
    int in_flight_in_a_row_ = 0;
    bool running_ = false;
    bool going_to_sleep_ = false;
    bool slept_ = false;
    bool turning_ = false;
    bool dozing_ = false;             // parked since the last turn
    bool worked_ = false;             // since the last sleep: only then a spin is worth it,
    bool descriptors_alone_ = false;  // and not where a descriptor was the last to have something: a spin is deaf to it
    bool busy_ = false;               // the last look found something
};

}  // namespace troupe::loop
