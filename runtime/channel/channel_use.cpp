#include <troupe/detail/channel_use.hpp>

#include "channel/inbox.hpp"
#include "channel/outbox.hpp"

namespace troupe::detail {

channel_use::channel_use(const channel::inbox& of) noexcept : of_(&of.of()) { of_->begin_use(); }
channel_use::channel_use(const channel::outbox& of) noexcept : of_(&of.of()) { of_->begin_use(); }

bool channel_use::is_here() const noexcept {
    const channel::participant* const here = channel::participant::current();
    return here != nullptr && &of_->here() == here;
}

void channel_use::end() noexcept {
    if (is_here()) of_->end_use();
}

}  // namespace troupe::detail
