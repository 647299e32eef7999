// What the keeper does by the clock: budgets of actors that were told to end, deadlines of handlers, and a look for
// orphans now and then.
//
// The clock goes on while the whole program stands still (Ctrl-Z, a frozen container, a machine that is moved), and
// that time is nobody's fault. The keeper stands still with the others and cannot see it; but while something is
// pending it asks for short sleeps, and one that took far longer than that is how long it was stopped. Everything
// pending is moved by it.
//
// A handler is timed from the look that first sees it, so that nothing which happened before is held against it. The
// keeper looks four times a deadline while the actor is idle, and each tick while a handler is in hand.
//
// A handler that is late is judged, and its process is told which one that is: it writes down where it is, and waits
// there. The keeper looks once more whether that very handler is still in hand, and kills. A handler that ended in time
// is nobody's affair, and neither is the one after it.
#include <csignal>
#include <ctime>
#include <utility>

#include "keeper/keeper.hpp"
#include "keeper/ticks.hpp"
#include "process/crash_handler.hpp"
#include "process/pidfd.hpp"

namespace troupe::keepers {
namespace {

constexpr std::chrono::milliseconds last_word(100);    // for an actor that hangs to say where
constexpr std::chrono::milliseconds retired_again(5);  // while a writer that is alive is in the middle of a claim
constexpr std::chrono::milliseconds longest_sleep(60'000);

std::chrono::nanoseconds deadline_of(const shm::process_slot& process) noexcept {
    return std::chrono::nanoseconds(process.who.message_deadline.get());
}

}  // namespace

void keeper::allow_for_stop(base::time_point now, int asked_ms) noexcept {
    timespec cpu{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    const auto worked = std::chrono::seconds(cpu.tv_sec) + std::chrono::nanoseconds(cpu.tv_nsec);
    const auto since = now - std::exchange(turned_at_, now) - (worked - std::exchange(worked_, worked));
    const auto stopped = since - std::chrono::milliseconds(asked_ms);
    if (asked_ms < 0 || stopped < usual_lateness) return;
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        watched& one = watched_[i];
        one.kill_at = later(one.kill_at, stopped);
        one.late_at = later(one.late_at, stopped);
    }
}

void keeper::kill_overdue(base::time_point now) noexcept {
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        watched& one = watched_[i];
        const auto slot = static_cast<std::uint16_t>(i);
        if (one.look_at <= now) look_at_handler(slot, now);
        if (one.kill_at > now) continue;
        one.kill_at = base::time_point::max();
        kill(slot);
    }
}

void keeper::begin_to_look(std::uint16_t slot) noexcept {
    if (deadline_of(memory_.process(slot)).count() == 0) return;
    watched& one = watched_[slot];
    one.in_hand = 0;
    one.judged = false;
    one.late_at = base::time_point::max();
    one.look_at = base::steady_clock::now();
}

void keeper::look_at_handler(std::uint16_t slot, base::time_point now) noexcept {
    watched& one = watched_[slot];
    shm::process_slot& process = memory_.process(slot);
    const std::chrono::nanoseconds deadline = deadline_of(process);
    const std::uint64_t in_hand = process.handling.clock.began();
    if (in_hand != one.in_hand) {
        one.in_hand = in_hand;
        one.judged = false;
        one.late_at = in_hand == 0 ? base::time_point::max() : after_budget(now, deadline);
    } else if (one.late_at <= now && one.judged) {
        one.late_at = one.look_at = base::time_point::max();
        if (kill(slot)) process.handling.hung.set(1);
        return;
    } else if (one.late_at <= now) {
        judge(slot, now);
    }
    const auto idle_look = std::max<std::chrono::nanoseconds>(deadline / 4, std::chrono::milliseconds(10));
    one.look_at = in_hand == 0 ? later(now, idle_look) : std::min(one.late_at, later(now, tick_of(one.late_at - now)));
}

void keeper::judge(std::uint16_t slot, base::time_point now) noexcept {
    watched& one = watched_[slot];
    const shm::process_slot& process = memory_.process(slot);
    // Who looks at it with a debugger takes the time he takes.
    if (process::tracer_of(process.pid.get()) != 0) {
        one.late_at = after_budget(now, deadline_of(process));
        return;
    }
    one.judged = true;
    one.late_at = later(now, last_word);
    if (!one.pidfd) return;
    // It may be stopped. What blocks the signal, or hangs in the kernel, is killed without a word.
    process::send_signal(one.pidfd.get(), process::stack_dump_signal, one.in_hand);
    process::send_signal(one.pidfd.get(), SIGCONT);
}

void keeper::look_after_strays(base::time_point now) noexcept {
    strays_.look(now, [this](pid_t pid) {
        if (pid == server_pid_ || is_command(pid)) return true;
        const std::uint32_t reached = memory_.processes().reached();
        for (std::uint32_t i = 1; i < reached; ++i) {
            const shm::process_slot& process = memory_.process(static_cast<std::uint16_t>(i));
            if (process.pid.get() != pid) continue;
            if (watched_[i].pidfd || is_starting(process.present().state)) return true;
        }
        return false;
    });
}

int keeper::sleep_ms() const noexcept {
    if (retired_.unfinished()) return 0;
    const base::time_point now = base::steady_clock::now();
    base::time_point first = std::min(strays_.look_at(), observing_.look_at(now));
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const watched& one = watched_[i];
        first = std::min(first, one.look_at);
        if (one.kill_at == base::time_point::max()) continue;
        first = std::min({first, one.kill_at, later(now, tick_of(one.kill_at - now))});
    }
    if (retired_.waits_for_a_writer()) first = std::min(first, later(now, retired_again));
    if (first == base::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - now);
    return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), longest_sleep).count());
}

}  // namespace troupe::keepers
