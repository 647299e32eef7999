#include "shm/process_table.hpp"

#include <algorithm>

#include <troupe/error.hpp>

#include "base/step.hpp"

namespace troupe::shm {
namespace {

bool owner_is_dead(const void* table, owner_id owner) noexcept {
    const process_slot& slot = static_cast<const process_table*>(table)->at(owner.slot());
    // The state first: if it is that of a later incarnation, the count that is read next is that one's too.
    const process_state state = slot.present().state;
    return owner_id::make(owner.slot(), slot.incarnation.get()) != owner || has_ended(state);
}

}  // namespace

base::post_mortem* process_table::keep_post_mortem(std::uint16_t slot) const noexcept {
    return static_cast<base::post_mortem*>(
        memory_->map_for_good(memory_->offset_of(&post_mortem(slot)), sizeof(base::post_mortem)));
}

void process_table::touch(std::uint16_t slot) const noexcept {
    memory_->touch(memory_->offset_of(&at(slot)), sizeof(process_slot));
}

// A slice at a time.
bool process_table::back(std::uint16_t slot) {
    for (std::uint32_t used = reached(); slot >= used; used = reached()) {
        const slice& next = slices_[used / processes_a_slice];
        const std::size_t processes = memory_->offset_of(next.processes);
        const std::size_t post_mortems = memory_->offset_of(next.post_mortems);
        if (!memory_->back(processes, sizeof next.processes) ||
            !memory_->back(post_mortems, sizeof next.post_mortems)) {
            return false;
        }
        memory_->touch(processes, sizeof next.processes);
        memory_->touch(post_mortems, sizeof next.post_mortems);
        header_->slots.raise(std::min((used / processes_a_slice + 1) * processes_a_slice, header_->most_actors));
    }
    return true;
}

// Slots are used in turn, so that one that was freed rests for a while, and how its actor ended can be told as long.
// Not all that there may be: the keeper looks at each that was ever used whenever an actor ends.
std::optional<std::uint16_t> process_table::claim(std::uint16_t spawner) {
    std::uint32_t width = header_->turn.width();
    for (std::uint32_t tried = 0;; ++tried) {
        if (tried == width) {  // all are taken: twice as many from now on
            if (width == header_->most_actors) return std::nullopt;
            const std::uint32_t wider = std::min(2 * width, header_->most_actors);
            header_->turn.widen(width, wider);
            width = wider;
            tried = 0;
        }
        const auto slot = static_cast<std::uint16_t>(header_->turn.next(width));
        if (!back(slot)) return std::nullopt;
        process_slot& it = at(slot);
        const life_value now = it.present();
        if (now.state != process_state::free) continue;
        const std::uint64_t serial = header_->serials.take(1) + 1;
        at(spawner).activity.has_spawned.set(1);
        // crash: starting without a process; the keeper frees the slots of a spawner that died
        if (!it.life.swap(now, {serial & life_value::serial_bits, process_state::starting, spawner})) continue;
        about_to_write();
        TROUPE_STEP("process: slot claimed");
        post_mortem(slot).clear();
        it.begin_actor(detail::actor_id::make(serial, slot));
        return slot;
    }
}

bool process_table::restart(detail::actor_id actor) {
    process_slot& it = at(actor.slot());
    const life_value now = it.present();
    if (it.actor() != actor || !it.may_begin_again()) return false;
    // crash: down; the keeper ends what the dead supervisor had
    it.begin_process();
    return it.life.move(now, process_state::starting);
}

void process_table::claim_keeper() {
    if (!memory_->back(memory_->offset_of(&at(keeper_slot)), sizeof(process_slot))) {
        throw out_of_memory("no memory for the program's tables");
    }
    at(keeper_slot).life.set({0, process_state::running, 0});
}

bool process_table::full() const noexcept {
    const std::uint32_t used = reached();
    if (used < header_->most_actors) return false;
    for (std::uint32_t i = 0; i < used; ++i) {
        if (at(static_cast<std::uint16_t>(i)).present().state == process_state::free) return false;
    }
    return true;
}

void process_table::free(std::uint16_t slot) noexcept {
    process_slot& it = at(slot);
    it.watchers.for_each([&it](std::uint32_t one) { it.watchers.remove(one); });
    it.wrote_to.clear();
    // The next actor of the slot has no process when the slot is claimed, and its spawner may die right then.
    it.pid.clear();
    it.life.set(it.present().with(process_state::free));
}

liveness process_table::owners() const noexcept { return {&owner_is_dead, this}; }

std::string process_table::name_of(detail::actor_id actor) const {
    const process_slot& it = at(actor.slot());
    if (it.actor() != actor) return {};
    std::string name = load_text(it.who.name);
    has_read();
    // Whoever claims the slot next changes the serial first, then the name, and last the actor's id.
    return it.state_of(actor) ? name : std::string();
}

std::string process_table::described(detail::actor_id actor, std::int32_t pid) const {
    const std::string name = name_of(actor);
    if (name.empty()) return "an actor";
    return "actor '" + name + '\'' + (pid != 0 ? " (pid " + std::to_string(pid) + ')' : std::string());
}

}  // namespace troupe::shm
