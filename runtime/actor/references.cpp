// The compiled core of actor references.
#include <troupe/actor.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <csignal>

#include "actor/own_process.hpp"
#include "base/system_failure.hpp"
#include "channel/outbox.hpp"

namespace troupe::detail {
namespace {

void signal_actor(actor_id actor, int signal, int budget_ms) {
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    const int error = actors::own_process::here().signal(actor, signal, budget_ms);
    if (error == 0) return;
    const auto who = refer::to<troupe::actor<>>(actor);
    throw base::system_failure(error, "actor '" + who.name() + "' (pid " + std::to_string(who.pid()) +
                                          ") cannot be ended: the program runs as another user than it; it ends with "
                                          "the program");
}

// Sets a bit of its requests and rings it. Nothing when it is dead.
void request_of(actor_id actor, shm::request bit) {
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    actors::own_process& here = actors::own_process::here();
    shm::process_slot& slot = here.memory().process(actor.slot());
    if (slot.actor() != actor || !here.memory().processes().is_alive(actor)) return;
    if (slot.requests.ask(actor, bit)) here.participant().notify(actor.slot());
}

}  // namespace

channel::outbox& mailbox_of(actor_id actor) {
    actors::own_process& here = actors::own_process::here();
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    if (channel::outbox* mailbox = here.participant().mailbox_of(actor)) return *mailbox;
    if (const auto status = here.memory().ends().of(actor))
        throw actor_died(here.memory().processes().described_as_ended(actor), *status);
    throw misuse("this actor has no mailbox: its function takes none");
}

send_result try_send(actor_id actor, message_frame frame, encoded_message message) {
    actors::own_process& here = actors::own_process::here();
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    channel::outbox* mailbox = here.participant().mailbox_of(actor);
    if (mailbox == nullptr) {
        message.put_back_moved();
        return send_result::gone;
    }
    send_wait once(*mailbox, frame, std::move(message));
    switch (once.try_once()) {
    case push_result::sent: return send_result::sent;
    case push_result::full: return send_result::full;
    case push_result::closed: break;
    }
    return send_result::gone;
}

int actor_base::pid() const {
    const auto& memory = actors::own_process::here().memory();
    const shm::process_slot& slot = memory.process(id_.slot());
    const int pid = slot.pid.get();
    const bool lives = memory.processes().is_alive(id_) && slot.present().state != shm::process_state::down;
    return id_ && slot.actor() == id_ && lives ? pid : 0;
}

std::string actor_base::name() const {
    return id_ ? actors::own_process::here().memory().processes().name_of(id_) : std::string();
}

bool actor_base::alive() const { return id_ && actors::own_process::here().memory().processes().is_alive(id_); }

void actor_base::stop() const { request_of(id_, shm::ask_stop); }

void actor_base::interrupt() const { request_of(id_, shm::ask_interrupt); }

void actor_base::terminate(length_of_time budget) const {
    // A budget of more than eleven days is none.
    const std::int64_t ms = budget.count() / 1'000'000 + (budget.count() % 1'000'000 > 0 ? 1 : 0);
    signal_actor(id_, SIGTERM, ms > 1'000'000'000 ? 0 : static_cast<int>(std::max<std::int64_t>(ms, 1)));
}

void actor_base::kill() const { signal_actor(id_, SIGKILL, 0); }

}  // namespace troupe::detail
