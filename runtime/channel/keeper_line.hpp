// What a channel asks of the keeper of the program, and tells it.
#pragma once

#include <cstdint>

#include <troupe/detail/outgoing.hpp>

#include "base/owned_fd.hpp"
#include "mail/open_file.hpp"
#include "shm/channel_id.hpp"

namespace troupe::channel {

class keeper_line {
public:
    // Empty when the process is gone, or there is no room for a descriptor.
    virtual base::owned_fd doorbell_of(std::uint16_t slot) noexcept = 0;
    // In our place.
    virtual void notify(std::uint16_t slot) noexcept = 0;
    // An end was let go: is the channel to be closed, or freed?
    virtual void look_at(shm::channel_id channel) noexcept = 0;
    // Of an open file in a message: the keeper has one as well from now on; gives it to us, and has it no longer.
    virtual mail::file_answer keep_file(const detail::handle_ref& ref, int fd) noexcept = 0;
    virtual mail::file_answer give_file(const detail::handle_ref& ref, base::owned_fd& into) noexcept = 0;
    // Frees what nobody can reach. Returns false if it could not be asked.
    virtual bool make_room() noexcept = 0;

protected:
    ~keeper_line() = default;
};

}  // namespace troupe::channel
