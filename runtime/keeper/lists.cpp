// The lists of a program, which the keeper alone changes: who has which public name, and who belongs to which topic or
// group. It does so on request, and when an actor has ended.
#include <algorithm>
#include <utility>

#include "keeper/keeper.hpp"

namespace troupe::keepers {

naming_answer keeper::change_lists(const keeper_message& message, std::string_view text) noexcept {
    const detail::actor_id subject{message.subject};
    const bool alive = memory_.processes().is_alive(subject);
    switch (message.word) {
    case keeper_word::claim_name: {
        if (!alive) return {naming_result::actor_ended};
        const shm::name_table::result result = memory_.names().give(text, subject);
        if (result == shm::name_table::result::taken) return {naming_result::taken};
        if (result == shm::name_table::result::all_taken) return {naming_result::all_taken};
        if (result == shm::name_table::result::no_memory) return {naming_result::no_memory};
        watched_[subject.slot()].is_listed = true;
        break;
    }
    case keeper_word::release_name: memory_.names().take_back(text); break;
    case keeper_word::circle_wanted: {
        const auto kind = message.value == 0 ? shm::circle_kind::topic : shm::circle_kind::group;
        const std::size_t end = std::min(text.find('\0'), text.size());
        const std::size_t behind = std::min(end + 1, text.size());
        // `substr` may throw.
        const std::string_view name(text.begin(), text.begin() + end);
        const std::string_view type_name(text.begin() + behind, text.end());
        const auto index = memory_.circles().find_or_make(kind, name, message.slot, type_name);
        if (index) return {naming_result::done, *index};
        return {memory_.circles().full() ? naming_result::all_taken : naming_result::no_memory};
    }
    case keeper_word::membership: {
        const auto wanted = static_cast<membership>(message.value);
        if (message.slot >= memory_.circles().reached()) return {};
        if (!alive) return {wanted == membership::none ? naming_result::done : naming_result::actor_ended};
        shm::circle_record& circle = memory_.circles().at(message.slot);
        if (wanted == membership::none) {
            circle.remove(subject.slot());
        } else {
            circle.add(subject.slot(), wanted == membership::skipped_when_full);
            watched_[subject.slot()].is_listed = true;
        }
        break;
    }
    default: return {};
    }
    tell_of_lists();
    return {naming_result::done};
}

void keeper::tell_of_lists() noexcept {
    shm::bulletin& bulletin = memory_.header().bulletin;
    bulletin.change();
    notify_all(bulletin.readers);
}

// Its actor has ended.
void keeper::unlist(std::uint16_t slot) noexcept {
    if (!std::exchange(watched_[slot].is_listed, false)) return;
    memory_.names().take_back_from(memory_.process(slot).actor());
    const std::uint32_t circles = memory_.circles().reached();
    for (std::uint32_t i = 0; i < circles; ++i) {
        shm::circle_record& circle = memory_.circles().at(i);
        if (circle.contains(slot)) circle.remove(slot);
    }
    tell_of_lists();
}

// One that is started again stays where it is, and its next process waits anew for what it waits for.
void keeper::leave_lists(const death& one) noexcept {
    memory_.header().bulletin.readers.remove(one.slot);
    if (!one.again) unlist(one.slot);
}

}  // namespace troupe::keepers
