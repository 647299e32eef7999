#include "actor/signal_watch.hpp"

#include <algorithm>
#include <set>

#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"
#include "process/wanted_signals.hpp"

namespace troupe::detail {

signal_watch::signal_watch(std::initializer_list<int> wanted) {
    actors::own_process::here();
    if (wanted.size() == 0) throw misuse("troupe::signals was given no signal to wait for: name one, as in {SIGHUP}");
    const std::set<int> each(wanted);
    wanted_.reserve(each.size());
    try {
        for (const int signal : each) {
            process::want_signal(signal);
            wanted_.push_back({signal, process::times_signalled(signal)});
        }
    } catch (...) {
        want_no_more();
        throw;
    }
}

signal_watch::~signal_watch() {
    if (enrolled()) loop::event_loop::current().dismiss(*this);
    want_no_more();
}

void signal_watch::want_no_more() noexcept {
    for (const seen& one : wanted_) process::want_signal_no_more(one.signal);
}

int signal_watch::take() noexcept {
    for (seen& one : wanted_) {
        const std::uint32_t times = process::times_signalled(one.signal);
        if (times == one.times) continue;
        one.times = times;
        return one.signal;
    }
    return 0;
}

void signal_watch::enlist(signal_wait& one) {
    waiting_.append(one);
    if (!enrolled()) loop::event_loop::current().enroll(*this);
}

void signal_watch::leave(signal_wait& one) noexcept {
    waiting_.remove(one);
    if (waiting_.empty()) loop::event_loop::current().dismiss(*this);
}

bool signal_watch::glance() {
    return std::any_of(wanted_.begin(), wanted_.end(),
                       [](const seen& one) { return process::times_signalled(one.signal) != one.times; });
}

void signal_watch::describe(loop::wait_notes& into) const noexcept {
    for (const signal_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        const std::uint64_t only = wanted_.size() == 1 ? static_cast<std::uint64_t>(wanted_.front().signal) : 0;
        if (!into.add(*one, {.kind = base::waiting_kind::signal, .of = only})) return;
    }
}

bool signal_watch::poll() {
    if (!glance()) return false;
    waiting_.for_each([](signal_wait& one) { one.wake(); });
    return true;
}

bool signal_wait::try_finish() {
    signal_ = from_->take();
    return signal_ != 0;
}

void signal_wait::enlist() { from_->enlist(*this); }
void signal_wait::abandon() noexcept { from_->leave(*this); }

}  // namespace troupe::detail

namespace troupe {

signals::signals(std::initializer_list<int> wanted) : watch_(std::make_unique<detail::signal_watch>(wanted)) {}
signals::signals(signals&&) noexcept = default;
signals& signals::operator=(signals&&) noexcept = default;
signals::~signals() = default;

detail::signal_wait signals::next() {
    if (!watch_) throw misuse("this troupe::signals was moved from, and waits for nothing");
    return detail::signal_wait(*watch_);
}

}  // namespace troupe
