#include "supervise/supervision_core.hpp"

#include <algorithm>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include "loop/event_loop.hpp"
#include "supervise/dead_letters.hpp"

namespace troupe::detail {
namespace {

revival revival_of(restart_policy policy) {
    switch (policy) {
    case restart_policy::permanent: return revival::always;
    case restart_policy::transient: return revival::unless_success;
    case restart_policy::temporary: break;
    }
    return revival::never;
}

std::string named(const std::string& name) { return name.empty() ? "an actor without a name" : "actor '" + name + "'"; }

std::string in_words(std::chrono::nanoseconds span) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
    return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

void supervision_wait::enlist() { core_.waiting_.append(*this); }
void supervision_wait::abandon() noexcept { core_.waiting_.remove(*this); }

supervision_core::supervision_core(supervisor_options options)
    : here_(actors::own_process::here()), options_(std::move(options)) {
    if (options_.window.count() <= 0) throw misuse("supervisor_options::window must be longer than nothing");
    if (options_.back_off.count() < 0 || options_.most_back_off < options_.back_off) {
        throw misuse("supervisor_options::back_off is from 0 to most_back_off");
    }
}

supervision_core::~supervision_core() {
    if (enrolled() && loop::event_loop::exists()) loop::event_loop::current().dismiss(*this);
}

void supervision_core::begin(const std::shared_ptr<supervision_core>& self) {
    loop::event_loop::current().enroll(*self);
    self->watching_ = &self->here_.background().add(watch(self));
}

void supervision_core::abandon() noexcept {
    if (over_ || actors::own_process::current() != &here_) return;
    for (const kid& one : kids_) here_.release_child(one.id);
    kids_.clear();
    watching_->cancel();
}

// --- what is seen --------------------------------------------------------------------------------------------------

bool supervision_core::is_down(actor_id actor) const {
    const shm::process_slot& slot = here_.memory().process(actor.slot());
    return slot.actor() == actor && slot.may_begin_again();
}

bool supervision_core::ended(actor_id actor) const { return is_down(actor) || !here_.memory().alive(actor); }

supervision_core::kid* supervision_core::find(actor_id actor) noexcept {
    const auto found = std::find_if(kids_.begin(), kids_.end(), [actor](const kid& one) { return one.id == actor; });
    return found == kids_.end() ? nullptr : &*found;
}

supervision_core::kid* supervision_core::next_unwanted() noexcept {
    const auto found = std::find_if(kids_.begin(), kids_.end(), [](const kid& one) { return one.unwanted; });
    return found == kids_.end() ? nullptr : &*found;
}

supervision_core::kid* supervision_core::next_ended() noexcept {
    const auto found = std::find_if(kids_.begin(), kids_.end(), [this](const kid& one) { return ended(one.id); });
    return found == kids_.end() ? nullptr : &*found;
}

void supervision_core::forget(actor_id actor) noexcept {
    std::erase_if(kids_, [actor](const kid& one) { return one.id == actor; });
    changed();
}

void supervision_core::changed() noexcept {
    waiting_.for_each([](supervision_wait& one) { one.wake(); });
}

bool supervision_core::glance() { return here_.memory().deaths() != deaths_seen_; }

bool supervision_core::poll() {
    if (!glance()) return false;
    deaths_seen_ = here_.memory().deaths();
    changed();
    return true;
}

// --- what is asked -------------------------------------------------------------------------------------------------

void supervision_core::check_open() const {
    if (failure_) std::rethrow_exception(failure_);
    if (stopping_ || over_) throw misuse("this supervisor was stopped: make another for further children");
}

task<actor<>> supervision_core::start(child_spec spec) {
    check_open();
    if (spec.how().deliveries == 0) throw misuse("supervision::deliveries is at least 1");
    start_request request = spec.request();
    request.revival = revival_of(spec.how().restart);
    request.deliveries = spec.how().deliveries;
    const actor_id started = co_await detail::start(spec.options(), std::move(request));
    kids_.push_back({started, std::move(spec)});
    changed();
    co_return actor<>(started);
}

task<> supervision_core::remove(actor_id actor) {
    if (kid* one = find(actor)) one->unwanted = true;
    changed();
    co_await until([this, actor] { return over_ || find(actor) == nullptr; });
}

task<> supervision_core::stop() {
    stopping_ = true;
    changed();
    co_await until([this] { return over_; });
}

task<> supervision_core::join() {
    ++joined_by_;
    struct leaving {
        std::size_t& count;
        ~leaving() { --count; }
    } const left{joined_by_};
    co_await until([this] { return over_; });
    if (failure_) std::rethrow_exception(failure_);
}

std::vector<actor<>> supervision_core::children() const {
    std::vector<actor<>> all;
    for (const kid& one : kids_) {
        if (here_.memory().alive(one.id)) all.emplace_back(one.id);
    }
    return all;
}

// --- what is done --------------------------------------------------------------------------------------------------

task<> supervision_core::watch(std::shared_ptr<supervision_core> self) {
    supervision_core& core = *self;
    try {
        while (!core.stopping_) {
            co_await core.until(
                [&core] { return core.stopping_ || core.next_unwanted() != nullptr || core.next_ended() != nullptr; });
            if (core.stopping_) break;
            if (const kid* one = core.next_unwanted()) {
                const actor_id actor = one->id;
                co_await core.end_kid(actor);
                core.forget(actor);
            } else if (const kid* gone = core.next_ended()) {
                co_await core.attend(gone->id);
            }
        }
        co_await core.end_all();
    } catch (const cancelled&) {
        // The supervisor is gone, or its process ends.
    } catch (...) {
        core.failure_ = std::current_exception();  // a child that it may not end
    }
    core.over_ = true;
    core.kids_.clear();
    core.options_.dead_letters.reset();
    core.changed();
    if (core.failure_ && core.joined_by_ == 0) core.here_.fail(core.failure_);
}

// A child has ended.
task<> supervision_core::attend(actor_id gone) {
    if (!is_down(gone)) {
        forget(gone);  // as it should
        co_return;
    }
    set_aside(gone);
    if (!another_restart_allowed()) {
        give_up(gone);
        co_return;
    }
    std::vector<actor_id> those;
    const auto first = std::find_if(kids_.begin(), kids_.end(), [gone](const kid& one) { return one.id == gone; });
    switch (options_.strategy) {
    case restart_strategy::one_for_one: those = {gone}; break;
    case restart_strategy::one_for_all:
        for (const kid& one : kids_) those.push_back(one.id);
        break;
    case restart_strategy::rest_for_one:
        for (auto one = first; one != kids_.end(); ++one) those.push_back(one->id);
        break;
    }
    co_await start_again(std::move(those));
}

// Ends those that still live, the last first, then starts all that are down. One that does not start stays down, and is
// attended to like one that has ended once more.
task<> supervision_core::start_again(std::vector<actor_id> those) {
    for (auto one = those.rbegin(); one != those.rend(); ++one) {
        const actor_id actor = *one;
        const kid* known = find(actor);
        if (known == nullptr || ended(actor)) continue;
        troupe::actor<>(actor).terminate(known->spec.how().stop_budget);
        co_await until([this, actor] { return ended(actor); });
    }
    co_await pause();
    for (const actor_id actor : those) {
        const kid* known = find(actor);
        if (known == nullptr || stopping_) continue;
        if (!is_down(actor)) {
            if (!here_.memory().alive(actor)) forget(actor);
            continue;
        }
        ++restarts_;
        try {
            co_await detail::restart(actor, known->spec.options(), known->spec.request());
        } catch (const cancelled&) {
            throw;
        } catch (const error&) {
            // It is down as before.
        }
    }
}

bool supervision_core::another_restart_allowed() {
    const base::time_point now = base::steady_clock::now();
    while (!recent_.empty() && now - recent_.front() > options_.window) recent_.pop_front();
    recent_.push_back(now);
    return recent_.size() <= options_.max_restarts;
}

// Nothing before the first restart within the window; see supervisor_options::back_off.
task<> supervision_core::pause() {
    if (recent_.size() < 2) co_return;
    std::chrono::nanoseconds length = options_.back_off;
    for (std::size_t i = 2; i < recent_.size() && length < options_.most_back_off; ++i) length *= 2;
    length = std::min(length, options_.most_back_off);
    if (length.count() == 0) co_return;
    length -= std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(0, length.count() / 2)(dice_));
    co_await when_any(sleep_for(length), until([this] { return stopping_; }));
}

void supervision_core::give_up(actor_id last) {
    const exit_status status = here_.memory().last_end(last);
    failure_ = std::make_exception_ptr(gave_up(
        "a supervisor gave up: its children ended " + std::to_string(recent_.size()) + " times within " +
            in_words(options_.window) + "; the last, " + named(here_.memory().name_of(last)) + ", " + to_string(status),
        status));
    stopping_ = true;
}

void supervision_core::set_aside(actor_id actor) {
    try {
        const auto letter = supervise::set_aside(here_, actor);
        if (letter && (!options_.dead_letters || !options_.dead_letters->try_put(*letter))) ++letters_lost_;
    } catch (const error&) {
        ++letters_lost_;  // the queue is closed, or the mailbox damaged
    }
}

task<> supervision_core::end_kid(actor_id actor) {
    const kid* known = find(actor);
    if (known == nullptr) co_return;
    const auto budget = known->spec.how().stop_budget;
    const troupe::actor<> reference(actor);
    here_.release_child(actor);
    reference.stop();
    try {
        co_await with_timeout(budget, reference.join());
        co_return;
    } catch (const timed_out&) {
    }
    reference.terminate(budget);
    co_await reference.join();
}

task<> supervision_core::end_all() {
    while (!kids_.empty()) {
        const actor_id last = kids_.back().id;
        co_await end_kid(last);
        forget(last);
    }
}

}  // namespace troupe::detail
