#include "loop/event_loop.hpp"

#include <troupe/detail/branch.hpp>
#include <troupe/detail/ready_queue.hpp>
#include <troupe/error.hpp>

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "base/owned_fd.hpp"
#include "base/system_failure.hpp"
#include "loop/uv_watch.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::loop {
namespace {

// From 1.45 on a loop of libuv has an io_uring, made behind its epoll and before its wake-up, and does not tell its
// descriptor. -1: it has none. Async-signal-safe.
int ring_of(const uv_loop_t& loop) noexcept {
    constexpr char ring[] = "anon_inode:[io_uring]";
    for (int fd = loop.backend_fd + 1; fd < loop.async_io_watcher.fd; ++fd) {
        char path[32];
        char target[sizeof ring];
        std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        const ssize_t length = ::readlink(path, target, sizeof target);
        if (length == sizeof ring - 1 && std::memcmp(target, ring, sizeof ring - 1) == 0) return fd;
    }
    return -1;
}

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t turn_budget = 256;
constexpr int most_turns_unattended = 64;
constexpr int yields_before_a_nap = 4;
constexpr int uv_descriptors = 7;  // epoll, an io_uring (from 1.45 on), an eventfd, two pipes
constexpr milliseconds nap{1};     // while a filler is mid-copy

event_loop* the_loop = nullptr;
event_loop* the_abandoned = nullptr;

// Of a process that is none of a program's.
class nobody final : public host {
} the_nobody;
host* the_host = &the_nobody;

// libuv calls abort where it finds no descriptor for the pipes of its signals: so they are looked for before. An errno,
// or 0 when there are as many as it opens.
int look_for_descriptors() noexcept {
    std::array<base::owned_fd, uv_descriptors> free;
    for (base::owned_fd& one : free) {
        one.reset(::eventfd(0, EFD_CLOEXEC));
        if (!one) return errno;
    }
    return 0;
}

}  // namespace

struct event_loop::handles {
    uv_loop_t loop;
    uv_prepare_t prepare;
    uv_timer_t alarm;
    uv_poll_t* lifeline = nullptr;
};

event_loop& event_loop::current() {
    if (the_loop == nullptr) {
        the_loop = new event_loop;
        try {
            the_loop->serve(*the_host);
        } catch (...) {  // it would be deaf to its doorbell
            delete std::exchange(the_loop, nullptr);
            throw;
        }
    }
    return *the_loop;
}

void event_loop::work_for(host* one) {
    the_host = one != nullptr ? one : &the_nobody;
    if (the_loop != nullptr) the_loop->serve(*the_host);
}

bool event_loop::exists() noexcept { return the_loop != nullptr; }

void event_loop::abandon() noexcept {
    detail::ready.abandon();
    the_host = &the_nobody;
    if (the_loop == nullptr) return;
    // Closing a copy of a descriptor changes nothing for the parent. What libuv keeps for all loops of a process stays.
    const uv_loop_t& loop = the_loop->handles_->loop;
    const int second_set = the_loop->descriptors_ ? the_loop->descriptors_->fd() : -1;
    const int clock = the_loop->clock_ ? the_loop->clock_->fd() : -1;
    for (const int fd : {ring_of(loop), second_set, clock, loop.backend_fd, loop.async_io_watcher.fd, loop.async_wfd,
                         loop.signal_pipefd[0], loop.signal_pipefd[1]}) {
        if (fd >= 0) ::close(fd);
    }
    // Still reachable, so that no leak checker takes it for lost.
    the_loop->abandoned_ = std::exchange(the_abandoned, the_loop);
    the_loop = nullptr;
}

event_loop::event_loop() : handles_(std::make_unique<handles>()), host_(&the_nobody) {
    const int missing = look_for_descriptors();
    const int failed = missing != 0 ? missing : -uv_loop_init(&handles_->loop);
    if (failed != 0) throw base::system_failure(failed, "the process's event loop cannot be made");
    uv_prepare_init(&handles_->loop, &handles_->prepare);
    handles_->prepare.data = this;
    uv_prepare_start(&handles_->prepare, [](uv_prepare_t* p) { static_cast<event_loop*>(p->data)->prepare(); });
    uv_timer_init(&handles_->loop, &handles_->alarm);
}

event_loop::~event_loop() {
    detail::ready.attend_when_called(nullptr);
    doorbell_.reset();
    descriptors_.reset();
    clock_.reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&handles_->prepare), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&handles_->alarm), nullptr);
    if (handles_->lifeline != nullptr) close_watch(handles_->lifeline);
    uv_run(&handles_->loop, UV_RUN_NOWAIT);
    TROUPE_CHECK(uv_loop_close(&handles_->loop) == 0);
}

void event_loop::close() {
    if (the_loop == nullptr) return;
    TROUPE_CHECK(!the_loop->running_ && the_loop->timers_.empty());
    delete std::exchange(the_loop, nullptr);
}

descriptor_set& event_loop::descriptors() {
    if (!descriptors_) descriptors_ = std::make_unique<descriptor_set>(*this);
    return *descriptors_;
}

uv_loop_s* event_loop::uv() noexcept { return &handles_->loop; }

void event_loop::serve(host& one) {
    host_ = &one;
    doorbell_.reset();
    if (handles_->lifeline != nullptr) close_watch(std::exchange(handles_->lifeline, nullptr));
    if (one.doorbell() >= 0) doorbell_ = std::make_unique<doorbell>(uv(), one.doorbell(), one);
    const auto end = [](uv_poll_t*, int, int) { static_cast<void>(::raise(SIGKILL)); };
    if (one.lifeline() >= 0) handles_->lifeline = open_watch(uv(), one.lifeline(), UV_READABLE, end, nullptr);
    one.begin(*this);
}

void event_loop::run_until(bool (*done)(void*), void* argument) {
    if (running_) {
        throw misuse(
            "waiting in a plain function is not possible inside a coroutine, which it would block; use co_await");
    }
    running_ = true;
    detail::ready.attend();
    note_time(base::coarse_now());
    resume();
    if (clock_) clock_->stop();
    while (!done(argument)) {
        run_ready(turn_budget);
        if (done(argument)) break;
        look();
    }
    detail::ready.leave();
    running_ = false;
    expect_turn();  // nothing is parked now
}

void event_loop::run_until_ended(detail::branch& one) {
    awaited_ = &one;
    run_until([&one] { return one.ended(); });
    awaited_ = nullptr;
}

std::size_t event_loop::run_ready(std::size_t budget) noexcept {
    const std::size_t ran = detail::ready.run_some(budget);
    if (ran == 0) return 0;
    worked_ = true;
    host_->turn_ended();
    return ran;
}

void event_loop::look() {
    if (std::exchange(busy_, false)) attend();
    const bool found = sources_.poll();
    if (found) descriptors_alone_ = false;
    busy_ = found || !detail::ready.empty();
    if (busy_ || fire_due()) return;
    const base::time_point until = timers_.empty() ? base::time_point::max() : timers_.earliest();
    if (worked_ && !descriptors_alone_) {
        if (const auto found_at = spin(*host_, sources_, until)) return note_time(*found_at);
    }
    sleep();
}

// The two clocks differ by a tick, and a turn does not begin before the one before it.
void event_loop::note_time(base::time_point now) noexcept {
    const std::uint64_t ms = base::in_ms(now);
    if (ms <= detail::ready.turn()) return;
    detail::ready.begin_turn(ms);
    host_->turn_began(ms);
}

// Descriptors and timers, in a process that is busy: when what was found last has been dealt with, so that no message
// waits for the clock to be read.
void event_loop::attend() {
    const base::time_point now = base::coarse_now();
    if (++turns_unattended_ < most_turns_unattended && now == last_attended_) return;
    note_time(now);
    turns_unattended_ = 0;
    last_attended_ = now;
    fire_due();
    uv_run(uv(), UV_RUN_NOWAIT);
}

bool event_loop::fire_due() {
    if (timers_.empty()) return false;
    const base::time_point now = base::steady_clock::now();
    note_time(now);
    return timers_.fire_due(now);
}

void event_loop::sleep() {
    worked_ = descriptors_alone_ = false;
    going_to_sleep_ = true;
    slept_ = false;
    uv_run(uv(), UV_RUN_ONCE);
    going_to_sleep_ = false;
    note_time(base::coarse_now());
    if (slept_) host_->awake();
    sources_.unpark();
    fire_due();
    turns_unattended_ = 0;
}

int event_loop::wakeup_fd() {
    if (!clock_) {
        clock_ = std::make_unique<wakeup_clock>(uv());
        detail::ready.attend_when_called([]() noexcept { the_loop->expect_turn(); });
    }
    return uv_backend_fd(uv());
}

void event_loop::turn() {
    if (running_) throw misuse("a turn inside a coroutine, or inside sync_wait, would run the loop inside itself");
    wakeup_fd();
    running_ = turning_ = true;
    detail::ready.attend();
    note_time(base::coarse_now());
    resume();
    uv_run(uv(), UV_RUN_NOWAIT);
    fire_due();
    for (std::size_t left = turn_budget; left > 0;) {
        const std::size_t ran = run_ready(left);
        left -= std::clamp(ran, std::size_t{1}, left);
        const bool found = sources_.poll();
        if (found || !detail::ready.empty() || fire_due()) continue;
        if (doze()) break;
    }
    if (!dozing_) clock_->set_to_now();
    detail::ready.leave();
    running_ = turning_ = false;
}

// All that comes before a sleep, and no sleep. False: something came meanwhile, and nothing is parked.
bool event_loop::doze() {
    if (doorbell_) doorbell_->take_rung();
    going_to_sleep_ = true;
    slept_ = false;
    uv_run(uv(), UV_RUN_NOWAIT);  // also tells the kernel what it is to watch from now on
    going_to_sleep_ = false;
    const bool rung = doorbell_ && doorbell_->take_rung();
    dozing_ = slept_;
    if (slept_ && !rung && detail::ready.empty()) return true;
    if (!slept_) sources_.unpark();
    resume();
    return false;
}

void event_loop::resume() {
    if (!std::exchange(dozing_, false)) return;
    host_->awake();
    sources_.unpark();
}

void event_loop::prepare() {
    if (!going_to_sleep_) return;
    if (may_sleep()) {
        slept_ = true;
        note_time(base::coarse_now());
        host_->about_to_sleep();
    } else {
        uv_stop(uv());  // this run polls without waiting, and is the last
    }
}

void event_loop::describe(wait_notes& into) const noexcept {
    sources_.describe(into);
    if (descriptors_) descriptors_->describe(into);
    timers_.describe(into);
}

// The last look. Sets the alarm that ends the sleep.
bool event_loop::may_sleep() {
    if (!detail::ready.empty()) return false;
    host_->about_to_park();
    const parking answer = sources_.park();
    if (answer == parking::ready) return false;
    base::time_point until = timers_.empty() ? base::time_point::max() : timers_.earliest();
    if (answer == parking::in_flight) {
        if (++in_flight_in_a_row_ <= yields_before_a_nap) {
            ::sched_yield();
            return false;
        }
        until = std::min(until, base::steady_clock::now() + nap);
    } else {
        in_flight_in_a_row_ = 0;
    }
    if (turning_) {
        clock_->set(until);
        return until > base::steady_clock::now();
    }
    if (until == base::time_point::max()) {
        uv_timer_stop(&handles_->alarm);
        return true;
    }
    // libuv counts whole milliseconds of the same clock: the first that is not before `until`.
    const auto wake_at = std::chrono::ceil<milliseconds>(until.time_since_epoch()).count();
    uv_update_time(uv());
    const auto now = static_cast<std::int64_t>(uv_now(uv()));
    if (wake_at <= now) return false;
    uv_timer_start(&handles_->alarm, [](uv_timer_t*) {}, static_cast<std::uint64_t>(wake_at - now), 0);
    return true;
}

}  // namespace troupe::loop
