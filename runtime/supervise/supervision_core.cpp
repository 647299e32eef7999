#include "supervise/supervision_core.hpp"

#include <algorithm>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include "base/type_name.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"
#include "supervise/dead_letters.hpp"

namespace troupe::detail {
namespace {

// So long the ends of children that start again together are gathered: what killed several at once is one event, and
// their ends are seen one by one.
constexpr std::chrono::milliseconds ends_gathered_for(2);

constexpr std::size_t most_counted = 64;  // by a supervisor that never gives up: its delay doubles with each

revival revival_of(restart_policy policy) {
    switch (policy) {
    case restart_policy::permanent: return revival::always;
    case restart_policy::transient: return revival::unless_success;
    case restart_policy::temporary: break;
    }
    return revival::never;
}

std::string in_words(std::chrono::nanoseconds span) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
    return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

void supervision_wait::enlist() { core_.waiting_.append(*this); }
void supervision_wait::abandon() noexcept { core_.waiting_.remove(*this); }

supervision_core::supervision_core(supervisor_options options)
    : here_(actors::own_process::here()), options_(std::move(options)), deaths_(here_.memory().header()) {
    if (options_.window.count() <= 0) throw misuse("supervisor_options::window must be longer than 0");
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
    for (const child& one : children_) here_.children().release(one.id);
    children_.clear();
    watching_->cancel();
}

// --- what is seen --------------------------------------------------------------------------------------------------

bool supervision_core::is_down(actor_id actor) const {
    const shm::process_slot& slot = here_.memory().process(actor.slot());
    return slot.actor() == actor && slot.may_begin_again();
}

bool supervision_core::ended(actor_id actor) const {
    return is_down(actor) || !here_.memory().processes().is_alive(actor);
}

supervision_core::child* supervision_core::find(actor_id actor) noexcept {
    const auto found =
        std::find_if(children_.begin(), children_.end(), [actor](const child& one) { return one.id == actor; });
    return found == children_.end() ? nullptr : &*found;
}

supervision_core::child* supervision_core::next_unwanted() noexcept {
    const auto found = std::find_if(children_.begin(), children_.end(), [](const child& one) { return one.unwanted; });
    return found == children_.end() ? nullptr : &*found;
}

supervision_core::child* supervision_core::next_renewed() noexcept {
    const auto found = std::find_if(children_.begin(), children_.end(), [](const child& one) { return one.renewed; });
    return found == children_.end() ? nullptr : &*found;
}

supervision_core::child* supervision_core::next_ended() noexcept {
    const auto found = std::find_if(children_.begin(), children_.end(),
                                    [this](const child& one) { return !one.due && ended(one.id); });
    return found == children_.end() ? nullptr : &*found;
}

supervision_core::restart_due* supervision_core::next_due() noexcept {
    const auto first = std::min_element(due_.begin(), due_.end(),
                                        [](const restart_due& a, const restart_due& b) { return a.when < b.when; });
    return first == due_.end() ? nullptr : &*first;
}

void supervision_core::take_from_due(actor_id actor) noexcept {
    for (restart_due& one : due_) std::erase(one.those, actor);
    std::erase_if(due_, [](const restart_due& one) { return one.those.empty(); });
    if (child* const known = find(actor)) known->due = false;
}

void supervision_core::forget(actor_id actor) noexcept {
    take_from_due(actor);
    std::erase_if(children_, [actor](const child& one) { return one.id == actor; });
    changed();
}

void supervision_core::changed() noexcept {
    waiting_.for_each([](supervision_wait& one) { one.wake(); });
}

bool supervision_core::glance() { return deaths_.changed(); }

void supervision_core::describe(loop::wait_notes& into) const noexcept {
    for (const supervision_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        if (!one->whose_end()) continue;
        for (const child& kid : children_) {
            if (*one->whose_end() && *one->whose_end() != kid.id) continue;
            if (!into.add(*one, {.kind = base::waiting_kind::end, .of = kid.id.value})) return;
        }
    }
}

bool supervision_core::poll() {
    if (!deaths_.notice()) return false;
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
    if (spec.how().stop_budget.count() < 0) throw misuse("supervision::stop_budget is 0 or longer");
    if (spec.how().deliveries == 0) throw misuse("supervision::deliveries is at least 1");
    start_request request = spec.request();
    request.revival = revival_of(spec.how().restart);
    request.deliveries = spec.how().deliveries;
    const actor_id started = co_await detail::start(spec.options(), std::move(request));
    if (stopping_ || over_) {  // meanwhile
        here_.children().release(started);
        refer::to<troupe::actor<>>(started).terminate(spec.how().stop_budget);
        check_open();
    }
    children_.push_back({started, std::move(spec)});
    changed();
    co_return refer::to<actor<>>(started);
}

task<> supervision_core::remove(actor_id actor) {
    if (child* one = find(actor)) one->unwanted = true;
    changed();
    co_await until([this, actor] { return over_ || find(actor) == nullptr; }, actor);
}

task<> supervision_core::restart(actor_id actor) {
    check_open();
    child* const one = find(actor);
    if (one == nullptr) throw misuse("only a child of this supervisor can be restarted by it");
    if (one->spec.how().restart == restart_policy::temporary) {
        throw misuse("a temporary child is never restarted; spawn another one");
    }
    const shm::process_slot& slot = here_.memory().process(actor.slot());
    const std::uint32_t before = slot.supervision.restarts.get();
    one->renewed = true;
    changed();
    const auto is_new = [this, actor, before, &slot] {
        if (over_ || find(actor) == nullptr) return true;
        return slot.supervision.restarts.get() != before && slot.present().state == shm::process_state::running;
    };
    co_await until(is_new, actor);
    if (find(actor) != nullptr && !over_) co_return;
    check_open();
    throw actor_died(here_.memory().processes().described_as_ended(actor), here_.memory().ends().last_of(actor));
}

task<> supervision_core::stop() {
    stopping_ = true;
    changed();
    co_await until([this] { return over_; }, actor_id());
}

task<> supervision_core::join() {
    ++joined_by_;
    struct leaving {
        std::size_t& count;
        ~leaving() { --count; }
    } const left{joined_by_};
    co_await until([this] { return over_; }, actor_id());
    if (failure_) std::rethrow_exception(failure_);
}

std::vector<actor<>> supervision_core::children() const {
    std::vector<actor<>> all;
    for (const child& one : children_) {
        if (here_.memory().processes().is_alive(one.id)) all.push_back(refer::to<actor<>>(one.id));
    }
    return all;
}

std::vector<child_report> supervision_core::report() const {
    std::vector<child_report> all;
    for (const child& one : children_) {
        const shm::program_memory& memory = here_.memory();
        if (!memory.processes().is_alive(one.id)) continue;
        const actor<> reference = refer::to<actor<>>(one.id);
        const unsigned restarts = memory.process(one.id.slot()).supervision.restarts.get();
        child_report said{.child = reference, .name = reference.name(), .pid = reference.pid(), .restarts = restarts};
        if (said.pid != 0) said.uptime = base::steady_clock::now() - one.since;
        if (restarts != 0 || said.pid == 0) said.last_status = memory.ends().last_of(one.id);
        all.push_back(std::move(said));
    }
    return all;
}

// --- what is done --------------------------------------------------------------------------------------------------

task<> supervision_core::watch(std::shared_ptr<supervision_core> self) {
    supervision_core& core = *self;
    try {
        while (!core.stopping_) {
            co_await core.something_to_do();
            if (core.stopping_) break;
            if (const child* one = core.next_unwanted()) {
                const actor_id actor = one->id;
                co_await core.end_kid(actor);
                core.forget(actor);
            } else if (const child* another = core.next_renewed()) {
                co_await core.renew(another->id);
            } else if (core.next_ended() != nullptr) {
                co_await core.attend_to_ends();
            } else if (restart_due* due = core.next_due(); due != nullptr && due->when <= base::steady_clock::now()) {
                std::vector<actor_id> those = std::move(due->those);
                core.due_.erase(core.due_.begin() + (due - core.due_.data()));
                for (const actor_id actor : those) {
                    if (child* const known = core.find(actor)) known->due = false;
                }
                co_await core.start_again(std::move(those));
            }
        }
        co_await core.end_all();
    } catch (const cancelled&) {
        // The supervisor is gone, or its process ends.
    } catch (...) {
        // A child that it may not end; or it has given up before.
        if (!core.failure_) core.failure_ = std::current_exception();
    }
    core.over_ = true;
    for (const child& one : core.children_)
        core.here_.children().release(one.id);  // no supervisor will start them again
    core.children_.clear();
    core.due_.clear();
    core.options_.dead_letters.reset();
    core.changed();
    if (core.failure_ && core.joined_by_ == 0) core.here_.fail(core.failure_);
}

bool supervision_core::has_something_to_do() {
    return stopping_ || next_unwanted() != nullptr || next_renewed() != nullptr || next_ended() != nullptr;
}

// Or the time has come for a restart.
task<> supervision_core::something_to_do() {
    if (has_something_to_do()) co_return;
    const restart_due* const due = next_due();
    if (due == nullptr) {
        co_await until([this] { return has_something_to_do(); });
    } else if (due->when > base::steady_clock::now()) {
        co_await when_any(sleep_until(due->when), until([this] { return has_something_to_do(); }));
    }
}

// Children have ended. What is seen at one time is one event for the strategies that restart several.
task<> supervision_core::attend_to_ends() {
    std::vector<actor_id> down, over;
    for (const child& one : children_) {
        if (!one.due && ended(one.id)) (is_down(one.id) ? down : over).push_back(one.id);
    }
    for (const actor_id actor : over) forget(actor);  // as it should
    for (const actor_id actor : down) set_aside(actor);
    if (down.empty()) co_return;
    if (options_.strategy != restart_strategy::one_for_one) co_return co_await restart_together(std::move(down));
    for (const actor_id actor : down) {
        if (count_end(recent_) > options_.max_restarts) co_return give_up(actor);
        child* const one = find(actor);
        due_.push_back({{actor}, deadline_after(pause_after(count_end(one->recent)))});
        one->due = true;
    }
}

task<> supervision_core::restart_together(std::vector<actor_id> down) {
    // An end that comes before the last restart has begun is part of the same event.
    const std::size_t recent = due_.empty() ? count_end(recent_) : recent_.size();
    if (recent > options_.max_restarts) co_return give_up(down.front());
    auto first = children_.begin();
    if (options_.strategy == restart_strategy::rest_for_one) {
        first = std::find_if(children_.begin(), children_.end(),
                             [&down](const child& one) { return one.id == down.front(); });
    }
    std::vector<actor_id> those;
    for (auto one = first; one != children_.end(); ++one) {
        those.push_back(one->id);
        one->due = true;  // so that their ends are expected
    }
    // Those that were to start again already do so with these.
    std::erase_if(due_, [&those](const restart_due& one) {
        return std::find(those.begin(), those.end(), one.those.front()) != those.end();
    });
    due_.push_back({those, base::time_point::max()});
    co_await end_those(those);
    for (restart_due& one : due_) {
        if (one.when != base::time_point::max()) continue;
        one.when = deadline_after(std::max<std::chrono::nanoseconds>(pause_after(recent), ends_gathered_for));
    }
}

// Ends those that still live, the last first.
task<> supervision_core::end_those(std::vector<actor_id> those) {
    for (auto one = those.rbegin(); one != those.rend() && !stopping_; ++one) {
        const actor_id actor = *one;
        const child* known = find(actor);
        if (known == nullptr || ended(actor)) continue;
        refer::to<troupe::actor<>>(actor).terminate(known->spec.how().stop_budget);
        co_await until([this, actor] { return stopping_ || ended(actor); });
    }
}

// Starts all that are down. One that does not start stays down, and is attended to like one that has ended once more.
task<> supervision_core::start_again(std::vector<actor_id> those) {
    for (const actor_id actor : those) {
        const child* known = find(actor);
        if (known == nullptr || known->unwanted || stopping_) continue;
        if (!is_down(actor)) {
            if (!here_.memory().processes().is_alive(actor)) forget(actor);
            continue;
        }
        set_aside(actor);  // where it was ended with others, nobody has looked yet
        try {
            co_await when_any(start_one(actor), too_late(actor));
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            // It is down as before: it could not be started, or its arguments could not be had.
            const base::caught why = base::current_exception_description();
            if (child* const one = find(actor)) one->not_started = why.text.empty() ? why.type : why.text;
        }
        changed();
    }
}

task<> supervision_core::start_one(actor_id actor) {
    child* known = find(actor);
    if (known == nullptr) co_return;
    known->renewed = false;  // whoever has wished for it meanwhile gets it now
    ++restarts_;
    co_await detail::restart(actor, known->spec.options(), known->spec.request());
    known = find(actor);
    if (known == nullptr) co_return;
    known->since = base::steady_clock::now();
    known->not_started.clear();
}

// A start that takes for ever holds up neither a stop nor the removal of its child: it has as long as the child has to
// end.
task<> supervision_core::too_late(actor_id actor) {
    co_await until([this, actor] {
        const child* const one = find(actor);
        return stopping_ || one == nullptr || one->unwanted;
    });
    if (const child* const one = find(actor)) co_await sleep_for(one->spec.how().stop_budget);
}

// Its end is meant, and expected: nothing is counted. One that waits for its restart does so no more.
task<> supervision_core::renew(actor_id actor) {
    child* const known = find(actor);
    if (known == nullptr) co_return;
    known->renewed = false;
    take_from_due(actor);
    const std::vector<actor_id> those{actor};
    if (known->unwanted) co_return;
    co_await end_those(those);
    if (stopping_) co_return;
    co_await start_again(those);
}

// One more end; how many there were within the window.
std::size_t supervision_core::count_end(ends& recent) const {
    const base::time_point now = base::steady_clock::now();
    while (!recent.empty() && now - recent.front() > options_.window) recent.pop_front();
    // Without a limit, so many as a back-off can tell apart.
    const bool unlimited = options_.max_restarts == supervisor_options::unlimited;
    if (unlimited && recent.size() == most_counted) recent.pop_front();
    if (recent.size() <= options_.max_restarts) recent.push_back(now);
    return recent.size();
}

// Nothing before the first restart within the window; see supervisor_options::back_off.
std::chrono::nanoseconds supervision_core::pause_after(std::size_t ends_within_window) {
    if (ends_within_window < 2) return {};
    std::chrono::nanoseconds length = options_.back_off;
    for (std::size_t i = 2; i < ends_within_window && length.count() > 0 && length < options_.most_back_off; ++i) {
        length = length > options_.most_back_off / 2 ? options_.most_back_off : length * 2;
    }
    length = std::min<std::chrono::nanoseconds>(length, options_.most_back_off);
    if (length.count() == 0) return {};
    return length - std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(0, length.count() / 2)(dice_));
}

void supervision_core::give_up(actor_id last) {
    const exit_status status = here_.memory().ends().last_of(last);
    const child* const known = find(last);
    const std::string why = known != nullptr && !known->not_started.empty()
                                ? "; its last start failed: " + known->not_started
                                : std::string();
    failure_ = std::make_exception_ptr(
        gave_up("a supervisor gave up: its children ended " + std::to_string(recent_.size()) + " times within " +
                    in_words(options_.window) + "; the last, " + here_.memory().processes().described_as_ended(last) +
                    ", " + to_string(status) + why,
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
    const child* known = find(actor);
    if (known == nullptr) co_return;
    const auto budget = known->spec.how().stop_budget;
    const auto reference = refer::to<troupe::actor<>>(actor);
    here_.children().release(actor);
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
    while (!children_.empty()) {
        const actor_id last = children_.back().id;
        co_await end_kid(last);
        forget(last);
    }
}

}  // namespace troupe::detail
