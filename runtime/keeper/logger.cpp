// What the keeper does about the logger: starts it at the first line, rings it, and starts it again when it has ended.
//
// It is executed as the forkserver is, in place of whose socket it is given a doorbell. If three end in a row before
// they have come on, there is none from then on: actors write to stderr themselves, and the program writes what is left
// in the ring at its end.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/step.hpp"
#include "keeper/keeper.hpp"
#include "process/clone.hpp"
#include "process/pidfd.hpp"

namespace troupe::keepers {
namespace {

constexpr int most_failed_loggers = 3;
constexpr std::chrono::milliseconds end_budget(1'500);  // to write what is there: a second, and what exit handlers take
constexpr int start_budget_ms = 10'000;                 // until it has begun
constexpr int last_wait_ms = 10'000;                    // for what has been killed
constexpr int short_wait_ms = 10;

}  // namespace

// Lines wait, or somebody who has logged is dead: what it left in the ring shall be looked at.
void keeper::wake_logger() noexcept {
    if (!memory_.header().log.ring() || memory_.header().log.given_up()) return;
    if (!logger_) return start_logger();
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(logger_bell_.get(), &one, sizeof one);
}

void keeper::start_logger() noexcept {
    while (!logger_ && failed_loggers_ < most_failed_loggers) {
        if (!logger_bell_) logger_bell_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!logger_bell_) {
            ++failed_loggers_;
            continue;
        }
        const auto& ends = server_launch_.descriptors;
        const std::array<int, 5> descriptors{ends[0], ends[1], ends[2], ends[3], logger_bell_.get()};
        process::exec_request request;
        request.parentage = process::parentage::child;
        request.descriptors = descriptors;
        request.pid_word = &memory_.header().log.pid.for_clone();
        request.environment = server_launch_.log_environment;
        process::cloned made = process::clone_and_exec(request);
        TROUPE_STEP("keeper: logger made");
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u32 = about_logger;
        const bool watched = made && made.error == 0 && made.pidfd &&
                             epoll_ctl(poll_.get(), EPOLL_CTL_ADD, made.pidfd.get(), &event) == 0;
        if (watched) {
            logger_ = std::move(made.pidfd);
        } else {
            ++failed_loggers_;
            if (made) process::end_now(made.pid);
        }
    }
    if (!logger_) memory_.header().log.give_up();
}

void keeper::logger_ended() noexcept {
    if (!logger_ || !process::has_ended(logger_.get(), 0)) return;
    failed_loggers_ = memory_.header().log.end() ? 0 : failed_loggers_ + 1;
    collect(std::move(logger_));  // up to here its pid is nobody else's
    start_logger();
}

// When nobody is left who could log. One that dies on a line is started again: what that one does not write, the
// program does (launch/logger.cpp).
void keeper::end_logger() noexcept {
    shm::log_record& log = memory_.header().log;
    if (!log.ring()) return;
    log.set_ending();
    wake_logger();
    const auto ring = memory_.channels().find_ring(memory_.channel(log.ring().index()));
    bool in_time = true;
    std::optional<base::time_point> until;  // for all of them
    while (logger_ && in_time) {
        // It may have only just been executed.
        for (int waited = 0; waited < start_budget_ms && !log.runs(); waited += short_wait_ms) {
            if (process::has_ended(logger_.get(), short_wait_ms)) break;
        }
        const base::time_point now = base::steady_clock::now();
        if (!until) until = now + end_budget;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - now).count();
        in_time = process::has_ended(logger_.get(), static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (!in_time) process::send_signal(logger_.get(), SIGKILL);
        const bool gone = process::has_ended(logger_.get(), last_wait_ms);
        failed_loggers_ = log.end() ? 0 : failed_loggers_ + 1;
        if (gone) process::collect(logger_.get());
        logger_.reset();
        if (in_time && ring && !ring->empty()) start_logger();
    }
}

}  // namespace troupe::keepers
