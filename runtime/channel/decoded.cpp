#include <troupe/detail/decoded.hpp>
#include <troupe/error.hpp>

#include "base/say.hpp"
#include "channel/outbox.hpp"

namespace troupe::detail {

void throw_wrong_type() {
    throw corrupt("a message arrived that is of none of the types its receiver takes; it was dropped");
}

void say_dropped(const std::exception& why) noexcept { base::say("a message was dropped: %s", why.what()); }

bool try_put(channel::outbox& to, message_frame frame, encoded_message message) {
    send_wait once(to, frame, std::move(message));
    switch (once.try_once()) {
    case push_result::sent: return true;
    case push_result::full: return false;
    case push_result::closed: break;
    }
    to.throw_closed();
}

}  // namespace troupe::detail
