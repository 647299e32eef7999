// The open files that this process sends: from when a descriptor is moved into a message until that is sent, or is not.
//
// A file that is sent is handed to the keeper before its parcel is packed (mail/open_file.hpp), and this process closes
// its own when the parcel is committed: not sooner, because a message that was not sent gives its descriptors back.
// Also the way in: the keeper is asked for a file when the message is decoded. Made at first use.
//
// If the process dies, the system closes what is here; the keeper closes its own, because the blocks of the dead are
// freed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <troupe/detail/outgoing.hpp>

#include "base/owned_fd.hpp"

namespace troupe::channel {

class participant;

class own_files {
public:
    explicit own_files(participant& here) noexcept : here_(here) {}

    // An open file is part of a message from now on, which this gives the reference for. Throws out_of_memory; then the
    // file is the caller's.
    detail::handle_ref put(int fd);
    // Gives the keeper those of a message that is about to be packed. Throws too_large, and misuse if the user's code
    // has closed one of them; the message is as it was then.
    void hand_over(std::span<const detail::handle_ref> handles);
    // They lie in this parcel now.
    void note_packed(std::uint64_t parcel);
    // The parcel is sent, or nobody will send it.
    void close_those_of(std::uint64_t parcel) noexcept;

    // Out of a message that was received, or was not sent. Throws corrupt when there is no such file, and too_large
    // when no number is left for it.
    base::owned_fd take_out(const detail::handle_ref& listed);
    // Of a message that will not be sent, and was not packed.
    void drop(const detail::handle_ref& one) noexcept;

    // In the child of a fork, which shall not keep them open.
    void close_all() noexcept { files_.clear(); }

private:
    struct outgoing_file {
        std::uint64_t stamp;
        base::owned_fd file;
        std::uint64_t parcel = 0;
        bool handed_over = false;
    };

    outgoing_file* find(std::uint64_t stamp) noexcept;
    base::owned_fd forget(outgoing_file& one) noexcept;
    base::owned_fd ask_for(const detail::handle_ref& listed);

    participant& here_;
    std::vector<outgoing_file> files_;
};

}  // namespace troupe::channel
