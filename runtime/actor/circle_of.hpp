// The records of topics and groups, for whoever asks about their members.
#pragma once

#include <cstdint>

#include <troupe/detail/circle.hpp>

#include "shm/program_memory.hpp"

namespace troupe::actors {

const char* noun_of(detail::circle_sort sort) noexcept;
// Throws misuse if there is no such circle.
shm::circle_record& circle_of(const detail::circle& one);

// The member in a slot whose bit was just seen, if it still is one: never the slot's next actor. See circle_record.hpp.
inline detail::actor_id listed_at(const shm::circle_record& record, const shm::process_table& processes,
                                  std::uint32_t slot) noexcept {
    const detail::actor_id who = processes.at(static_cast<std::uint16_t>(slot)).actor();
    return record.contains(slot) ? who : detail::actor_id{};
}
// The member in this slot, if there is one.
inline detail::actor_id member_at(const shm::circle_record& record, const shm::process_table& processes,
                                  std::uint32_t slot) noexcept {
    return record.contains(slot) ? listed_at(record, processes, slot) : detail::actor_id{};
}

}  // namespace troupe::actors
