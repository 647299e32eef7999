#include "shm/endings.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace troupe::shm {

void endings::write(detail::actor_id actor, const exit_status& status) {
    process_slot& slot = processes_.at(actor.slot());
    base::post_mortem& page = processes_.post_mortem(actor.slot());
    page.peak_memory.set(status.peak_memory());
    page.cpu_time.set(static_cast<std::uint64_t>(status.cpu_time().count()));
    process_end& end = slot.ending;
    end.incarnation.set(slot.incarnation.known());
    end.restarts.set(slot.supervision.restarts.get());
    end.hung.set(slot.handling.hung.get());
    end.pid.set(slot.pid.get());
    end.message_type.set(slot.handling.type.get());
    end.deliveries.set(slot.handling.delivery.count());
    const std::uint64_t word = pack_end(actor, status);
    end.word.set(word);
    if (is_crash(actor, status)) header_->crashes.next();
    log_.write(actor, word);
}

// Nobody meant it to end like this.
bool endings::is_crash(detail::actor_id actor, const exit_status& status) const {
    const process_slot& slot = processes_.at(actor.slot());
    const std::uint32_t incarnation = slot.incarnation.known();
    if (status.signal() == SIGKILL) {
        return slot.handling.hung.get() != 0 ||
               base::limit_of(status, {}, processes_.post_mortem(actor.slot()), incarnation) != limit_reached::none;
    }
    if (status.signaled()) return status.signal() != SIGTERM;
    return status.code() == 1 && slot.ending.exception_type[0] != '\0' && slot.ending.exception_of.get() == incarnation;
}

exit_status endings::last_of(detail::actor_id actor) const {
    if (processes_.at(actor.slot()).actor() == actor) {
        if (auto told = in_slot(actor)) return *std::move(told);
    }
    return of(actor).value_or(exit_status::from_nothing());
}

bool endings::was_success(detail::actor_id actor) const noexcept {
    const process_slot& slot = processes_.at(actor.slot());
    if (slot.actor() == actor) {
        if (const auto told = unpack_end(slot.ending.word.get(), actor)) return told->success();
    }
    const auto logged = log_.find(actor);
    return logged && logged->success();
}

std::optional<exit_status> endings::in_slot(detail::actor_id actor) const {
    const process_slot& slot = processes_.at(actor.slot());
    const process_end& end = slot.ending;
    const auto status = unpack_end(end.word.get(), actor);
    if (!status) return std::nullopt;
    exit_status told = *status;
    const std::uint32_t incarnation = end.incarnation.get();
    const auto has_exception = [&] { return end.exception_of.get() == incarnation; };
    if (status->exited() && status->code() == 1 && has_exception()) {
        std::string type = load_text(end.exception_type), text = load_text(end.exception_text);
        has_read();
        if (!type.empty() && has_exception()) told = exit_status::from_exception(std::move(type), std::move(text));
    }
    base::complete(told, processes_.post_mortem(actor.slot()), incarnation);
    detail::end_details& details = told.details();
    details.restarts = end.restarts.get();
    details.hung = end.hung.get() != 0 && told.signal() == SIGKILL;
    if (const std::uint32_t type = end.message_type.get(); type != 0 && !told.success()) {
        if (name_message_ != nullptr) details.message_type = name_message_(slot.who.entry.get(), type);
        details.deliveries = std::max(1u, end.deliveries.get());
    }
    // Whoever claims the slot next changes the serial first, then the rest.
    has_read();
    return slot.state_of(actor) ? told : *status;
}

std::optional<exit_status> endings::of(detail::actor_id actor) const {
    if (const auto state = processes_.at(actor.slot()).state_of(actor)) {
        const bool over =
            *state == process_state::dead || *state == process_state::free || *state == process_state::failed;
        if (!over) return std::nullopt;
        if (auto told = in_slot(actor)) return told;
    }
    const bool ever_was = actor.serial() != 0 && actor.serial() <= header_->serials.taken();
    return ever_was ? log_.find(actor).value_or(exit_status::from_nothing()) : exit_status::from_nothing();
}

exit_status endings::as_told(detail::actor_id actor, std::uint64_t end) const {
    const auto told = unpack_end(end, actor);
    const auto last = in_slot(actor);
    if (!told) return last.value_or(exit_status::from_nothing());
    return last && last->code() == told->code() ? *last : *told;
}

}  // namespace troupe::shm
