// How a descriptor travels: as a block that stands for its file, which the keeper has meanwhile.
#include <troupe/descriptor.hpp>
#include <troupe/error.hpp>

#include <fcntl.h>

#include <string>
#include <utility>

#include "channel/own_files.hpp"
#include "channel/participant.hpp"

namespace troupe::detail {

handle_ref handle_traits<descriptor>::refer(const descriptor& held) {
    if (held.fd_ == descriptor::none) return {0, file_role};
    if (held.fd_ == descriptor::moved_away) {
        throw misuse(
            "this descriptor was moved away before, by std::move, release or a send of its message; put a new one "
            "there");
    }
    channel::participant& here = channel::participant::here();
    if (::fcntl(held.fd_, F_GETFD) < 0) {
        throw misuse("descriptor " + std::to_string(held.fd_) +
                     " was closed behind the back of the troupe::descriptor that owns it; let that close it");
    }
    const handle_ref ref = here.files().put(held.fd_);
    held.fd_ = descriptor::moved_away;
    return ref;
}

void handle_traits<descriptor>::give_back(const void* home, handle_ref& ref) {
    if (ref.object != 0) adopt(*static_cast<descriptor*>(const_cast<void*>(home)), ref);
}

void handle_traits<descriptor>::adopt(descriptor& into, const handle_ref& ref) {
    if ((ref.role & every_role) != file_role) {
        throw corrupt("a handle in a message is of another kind than the message's type says");
    }
    if (ref.object == 0) return;
    into = descriptor();
    into.fd_ = channel::participant::here().files().take_out(ref).release();
}

}  // namespace troupe::detail
