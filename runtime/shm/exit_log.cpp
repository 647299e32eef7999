#include "shm/exit_log.hpp"

#include "base/machine.hpp"
#include "shm/life.hpp"

namespace troupe::shm {

std::uint64_t pack_end(detail::actor_id actor, const exit_status& s) {
    return (actor.serial() & life_value::serial_bits) << 24 | 1u << 17 | std::uint64_t{s.lost()} << 16 |
           std::uint64_t{s.core_dumped()} << 15 | static_cast<std::uint64_t>(s.signal() & 0x7f) << 8 |
           (s.exited() ? static_cast<std::uint64_t>(s.code()) : 0);
}

std::optional<exit_status> unpack_end(std::uint64_t word, detail::actor_id actor) {
    if ((word >> 17 & 1) == 0 || word >> 24 != (actor.serial() & life_value::serial_bits)) return std::nullopt;
    if (word >> 16 & 1) return exit_status::from_nothing();
    if (const int signal = static_cast<int>(word >> 8 & 0x7f)) {
        return exit_status::from_signal(signal, (word >> 15 & 1) != 0);
    }
    return exit_status::from_exit(static_cast<int>(word & 0xff));
}

std::atomic<std::uint64_t>& exit_log::entry(detail::actor_id actor) const noexcept {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(entries_)[actor.serial() % exit_log_entries];
}

void exit_log::write(detail::actor_id actor, std::uint64_t end) {
    std::atomic<std::uint64_t>& its = entry(actor);
    const std::size_t page = memory_->offset_of(&its) / base::page_bytes * base::page_bytes;
    // sync: exit log - publishes how it ended
    if (memory_->back(page, base::page_bytes)) its.store(end, std::memory_order_release);
}

std::optional<exit_status> exit_log::find(detail::actor_id actor) const noexcept {
    // sync: exit log - observes how it ended
    return unpack_end(entry(actor).load(std::memory_order_acquire), actor);
}

}  // namespace troupe::shm
