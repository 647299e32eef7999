#include "channel/participant.hpp"

#include <string>
#include <utility>

#include <troupe/error.hpp>

#include "base/copies.hpp"
#include "base/step.hpp"
#include "channel/cell_port.hpp"
#include "channel/own_files.hpp"
#include "channel/port.hpp"
#include "channel/shared_cells.hpp"
#include "mail/parcel.hpp"

namespace troupe::detail {

constinit channel::participant* the_participant = nullptr;

}  // namespace troupe::detail

namespace troupe::channel {

participant::participant(shm::program_memory memory, std::uint16_t slot, base::owned_fd doorbell, keeper_line& keeper)
    : memory_(std::move(memory)),
      slot_(slot),
      self_(&memory_.process(slot)),
      owner_(memory_.processes().owner(slot)),
      actor_(memory_.process(slot).actor()),
      doorbell_(std::move(doorbell)),
      keeper_(keeper),
      observation_(memory_, *self_),
      chronicler_(self_->told, observation_),
      doorbells_(memory_, keeper) {
    detail::the_participant = this;
    mail::take_new_stamps();
    // sync: bell - observes what was changed by whoever took the last process of this actor for the present one
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

participant::~participant() {
    ports_.clear();
    cells_.reset();
    if (detail::the_participant == this) detail::the_participant = nullptr;
}

void participant::throw_outside() {
    if (shm::segment::is_mapped_here()) {
        throw misuse(std::string("troupe::run, which runs in this process, is of another copy of troupe; ") +
                     base::if_there_are_copies);
    }
    throw misuse(
        "troupe is used outside of troupe::run: call it from the program or from an actor, in the process that run "
        "gave it");
}

void participant::abandon() noexcept { detail::the_participant = nullptr; }

void participant::notify(std::uint16_t slot) noexcept {
    if (slot != slot_) doorbells_.ring(slot);  // it looks before it sleeps
}

void participant::notify_all(const shm::wait_set& waiting) noexcept {
    waiting.for_each([this](std::uint32_t slot) { notify(static_cast<std::uint16_t>(slot)); });
}

void participant::woken() noexcept {
    self().activity.epoch.next();
    // sync: bell - observes what was changed before the doorbell was rung
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

shared_cells& participant::cells() {
    if (!cells_) cells_ = std::make_unique<shared_cells>(*this);
    return *cells_;
}

own_files& participant::files() {
    if (!files_) files_ = std::make_unique<own_files>(*this);
    return *files_;
}

void participant::drop_parcel(std::uint64_t block) noexcept {
    if (files_) files_->close_those_of(block);
    mail::discard_parcel(memory_, {block}, [this](shm::channel_id held) { keeper_.look_at(held); });
}

port* participant::find_port(shm::channel_id channel) noexcept {
    const auto found = ports_.find(channel.value);
    return found == ports_.end() ? nullptr : found->second.get();
}

port& participant::port_of(shm::channel_id channel) {
    if (port* known = find_port(channel)) return *known;
    shm::channel_record& record = memory_.channel(channel.index());
    if (!channel || record.name() != channel) throw corrupt("a handle names a queue, pipe or mailbox that is no more");
    if (ports_.size() >= sweep_at_) sweep();
    auto made = std::make_unique<port>(*this, channel, record);
    return *ports_.emplace(channel.value, std::move(made)).first->second;
}

void participant::return_room(bool before_sleep) {
    for (lone_inbox* one : readers_) one->return_room(before_sleep);
    if (before_sleep) doorbells_.close_dead();
}

// Ports to actors that are dead, or to the lanes of their earlier processes, which nobody in this process waits at.
void participant::sweep() {
    last_ = {};
    last_lane_ = {};
    std::erase_if(addresses_, [this](const auto& one) { return !memory_.processes().is_alive(one.second.actor); });
    std::erase_if(ports_, [this](const auto& one) {
        const port& known = *one.second;
        const detail::actor_id target = known.target();
        if (!target || !known.idle()) return false;
        return !memory_.processes().is_alive(target) || known.of().record().name() != known.of().id();
    });
    sweep_at_ = 64 + 2 * ports_.size();
}

void participant::forget_if_idle(shm::channel_id channel) noexcept {
    const auto found = ports_.find(channel.value);
    if (found != ports_.end() && found->second->idle() && !found->second->out().target()) ports_.erase(found);
}

outbox* participant::find_mailbox(detail::actor_id actor) {
    const address& known = addresses_[actor.slot()];
    if (known.actor == actor && known.mailbox != nullptr) {
        if (!memory_.processes().is_alive(actor)) return nullptr;
        last_ = known;
        return known.mailbox;
    }
    shm::process_slot& slot = memory_.process(actor.slot());
    if (slot.actor() != actor || !memory_.processes().is_alive(actor)) return nullptr;
    const auto index = slot.who.mailbox.index();
    if (!index) return nullptr;
    const shm::channel_id channel = memory_.channel(*index).name();
    TROUPE_STEP("participant: mailbox named");
    outbox* mailbox = nullptr;
    try {
        port& found = port_of(channel);
        if (found.of().kind() == shm::channel_kind::mailbox) {
            mailbox = &found.out();
            mailbox->deliver_to(actor);
        }
    } catch (const corrupt&) {
        if (memory_.processes().is_alive(actor)) throw;
    }
    // Whoever died meanwhile has given its mailbox back, and the channel may have been used again.
    if (mailbox == nullptr || !memory_.processes().is_alive(actor)) return nullptr;
    last_ = addresses_[actor.slot()] = {actor, mailbox};
    return mailbox;
}

outbox* participant::replies_of(detail::actor_id asker, std::uint32_t incarnation) {
    const shm::process_slot& slot = memory_.process(asker.slot());
    if (slot.incarnation.get() != incarnation) return nullptr;
    const auto state = slot.state_of(asker);
    if (!state || shm::has_ended(*state)) return nullptr;
    if (last_lane_.asker != asker || last_lane_.incarnation != incarnation) {
        outbox* const found = find_lane(asker);
        if (found == nullptr) return nullptr;
        last_lane_ = {asker, incarnation, found};
    }
    return last_lane_.replies;
}

outbox* participant::find_lane(detail::actor_id asker) {
    const auto index = memory_.process(asker.slot()).activity.replies.index();
    if (!index) return nullptr;
    try {
        port& found = port_of(memory_.channel(*index).name());
        // When it has ended this moment, its channel may be another's by now.
        if (found.of().kind() != shm::channel_kind::replies) return nullptr;
        found.out().deliver_to(asker);
        return &found.out();
    } catch (const corrupt&) {
        return nullptr;  // it ended this moment, and its lane is being given back
    }
}

}  // namespace troupe::channel
