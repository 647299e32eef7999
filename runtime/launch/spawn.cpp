// What `spawn` and a supervisor ask for: a start, and the wait for it.
#include <chrono>
#include <csignal>
#include <string>
#include <utility>

#include <troupe/detail/descriptor_wait.hpp>
#include <troupe/detail/expected_reply.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/error.hpp>
#include <troupe/time.hpp>

#include "actor/pending_requests.hpp"
#include "base/errand.hpp"
#include "launch/start.hpp"
#include "loop/event_loop.hpp"
#include "loop/source.hpp"
#include "loop/wait_notes.hpp"
#include "process/limits.hpp"

namespace troupe::launch {
namespace {

// Waits until the process that is being started has got to its function. Looks each turn: there are few at a time.
class arrival final : public detail::wait, private loop::source {
public:
    explicit arrival(start& started) : started_(started) {}
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override { return started_.arrived(); }
    void enlist() override {
        loop::event_loop::current().enroll(*this);
        wake();
    }
    void abandon() noexcept override { loop::event_loop::current().dismiss(*this); }

    bool glance() override { return started_.changed(); }
    bool poll() override {
        if (!started_.changed()) return false;
        wake();
        return true;
    }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override {
        into.add(*this, {.kind = base::waiting_kind::reply, .of = started_.actor().value});
    }

    start& started_;
};

// Waits for a number for a request.
class turn_to_ask final : public detail::wait {
public:
    turn_to_ask(actors::own_process& here, detail::expected_reply& reply) noexcept : here_(here), reply_(reply) {}
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override { return reply_.take_number(); }
    void enlist() override {
        reply_.tell(this);
        here_.requests().wait_for_turn(reply_);
    }
    void abandon() noexcept override {
        here_.requests().leave_turn(reply_);
        reply_.tell(nullptr);
    }

    actors::own_process& here_;
    detail::expected_reply& reply_;
};

// Waits until the reply is here, or whoever was to give it has ended.
class reply_wait final : public detail::wait {
public:
    explicit reply_wait(detail::expected_reply& reply) noexcept : reply_(reply) {}
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override {
        if (!reply_.lost()) return reply_.arrived();
        const shm::program_memory& memory = actors::own_process::here().memory();
        throw actor_died(memory.processes().described_as_ended(reply_.from()),
                         memory.ends().of(reply_.from()).value_or(exit_status::from_nothing()));
    }
    void enlist() override { reply_.tell(this); }
    void abandon() noexcept override { reply_.tell(nullptr); }

    detail::expected_reply& reply_;
};

class killed_unless_answered {
public:
    killed_unless_answered(actors::own_process& here, detail::expected_reply& reply) noexcept
        : here_(here), reply_(reply) {}
    killed_unless_answered(const killed_unless_answered&) = delete;
    killed_unless_answered& operator=(const killed_unless_answered&) = delete;
    ~killed_unless_answered() {
        if (reply_.arrived()) return;
        const detail::actor_id actor = reply_.from();
        here_.tell_keeper(
            {.word = keepers::keeper_word::signal, .slot = actor.slot(), .subject = actor.value, .value = SIGKILL});
    }

private:
    actors::own_process& here_;
    detail::expected_reply& reply_;
};

// Slots of actors that ended a moment ago may not be free yet.
task<> free_slot() {
    actors::own_process& here = actors::own_process::here();
    for (int tries = 0; here.memory().processes().full() && tries < 20; ++tries) {
        here.tell_keeper({.word = keepers::keeper_word::slots_wanted});
        co_await sleep_for(std::chrono::milliseconds(1));
    }
}

// A copy of this process would hold for ever what the thread of an errand has locked.
task<> no_errand() {
    while (base::errands_under_way()) co_await sleep_for(std::chrono::milliseconds(1));
}

// A forkserver that stands still, or has hundreds of requests before it, is asked when it goes on.
task<> ask_for_process(start* one) {
    start& started = *one;
    if (started.copies()) co_await no_errand();
    while (!started.go()) co_await detail::descriptor_wait(started.way_to_server(), detail::until::writable);
}

void check_options(const spawn_options& options) {
    if (options.name.size() > 63) throw spawn_failed("an actor's name is 63 bytes at most: '" + options.name + "'");
    constexpr std::size_t least = std::size_t{64} << 10, most = std::size_t{256} << 20;
    if (options.mailbox < least || options.mailbox > most) {
        throw spawn_failed("a mailbox of " + std::to_string(options.mailbox) + " bytes for actor '" + options.name +
                           "': it is from 64 KiB to 256 MiB");
    }
    if (options.message_deadline.count() < 0) {
        throw spawn_failed("spawn_options::message_deadline of actor '" + options.name + "' is negative; 0 is none");
    }
    for (const auto& [key, value] : options.environment) {
        if (key.empty() || key.find('=') != std::string::npos || key.find('\0') != std::string::npos ||
            value.find('\0') != std::string::npos) {
            throw spawn_failed("'" + key + "' cannot be the name of an environment variable");
        }
    }
    process::check(options.limits);
}

}  // namespace
}  // namespace troupe::launch

namespace troupe::detail {

task<> restart(actor_id actor, spawn_options options, start_request request) {
    launch::start started(actors::own_process::here(), options, request, actor);
    co_await launch::ask_for_process(&started);
    co_await launch::arrival(started);
}

task<actor_id> start(spawn_options options, start_request request) {
    actors::own_process& here = actors::own_process::here();
    launch::check_options(options);
    co_await launch::free_slot();
    launch::start started(here, options, request);
    co_await launch::ask_for_process(&started);
    co_await launch::arrival(started);
    co_return started.actor();
}

task<> call(spawn_options options, start_request request, expected_reply* into) {
    expected_reply& reply = *into;
    actors::own_process& here = actors::own_process::here();
    launch::check_options(options);
    co_await launch::free_slot();
    launch::start started(here, options, request);
    reply.expect_from(started.actor());
    co_await launch::turn_to_ask(here, reply);
    started.answer_to(reply.number());
    try {
        co_await launch::ask_for_process(&started);
        co_await launch::arrival(started);
    } catch (const spawn_failed&) {
        reply.return_number();
        throw;
    }
    launch::killed_unless_answered until_then(here, reply);
    co_await launch::reply_wait(reply);
}

}  // namespace troupe::detail
