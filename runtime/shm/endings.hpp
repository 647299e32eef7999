// How the program's actors ended: written down by the keeper, and put together for whoever asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <troupe/detail/actor_id.hpp>
#include <troupe/exit_status.hpp>

#include "shm/exit_log.hpp"
#include "shm/process_table.hpp"
#include "shm/program_header.hpp"

namespace troupe::shm {

class endings {
public:
    endings() = default;
    endings(program_header& header, const process_table& processes, exit_log log)
        : header_(&header), processes_(processes), log_(log) {}

    // What a message is called that an actor of this function takes; the names are in the executable.
    using message_namer = std::string (*)(std::uint64_t entry, std::uint32_t type);
    void name_messages_by(message_namer namer) noexcept { name_message_ = namer; }

    // By the keeper, before the actor's life says that it has ended.
    void write(detail::actor_id actor, const exit_status& status);
    // Nothing while it lives.
    std::optional<exit_status> of(detail::actor_id actor) const;
    // How its last process ended, for an actor that may have been started again since.
    exit_status last_of(detail::actor_id actor) const;
    // Whether that was by itself, and with 0.
    bool was_success(detail::actor_id actor) const noexcept;
    // How its last process ended when `end` (process_end::word, as it was then) is still the last one's; else only what
    // that word says.
    exit_status as_told(detail::actor_id actor, std::uint64_t end) const;

private:
    std::optional<exit_status> in_slot(detail::actor_id actor) const;
    bool is_crash(detail::actor_id actor, const exit_status& status) const;

    program_header* header_ = nullptr;
    process_table processes_;
    exit_log log_;
    message_namer name_message_ = nullptr;
};

}  // namespace troupe::shm
