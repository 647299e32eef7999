#include <troupe/detail/send_wait.hpp>

#include <span>

#include "channel/outbox.hpp"
#include "channel/participant.hpp"
#include "mail/parcel.hpp"

namespace troupe::detail {

void send_wait::drop_block() noexcept {
    if (use_.is_here()) to_->of().drop_parcel(block_);
}

push_result send_wait::try_once() {
    struct guard {
        send_wait& self;
        push_result result = push_result::closed;
        ~guard() {
            if (result != push_result::sent && self.bytes_kept_ == 0) self.put_back_moved();
        }
    } once{*this};
    return once.result = try_send();
}

void send_wait::put_back_moved() noexcept {
    std::span<const handle_ref> packed;
    if (block_ != 0) {
        const auto content = mail::look_into_parcel(channel::participant::here().memory(), {block_});
        if (content) packed = content->handles;
    }
    message_.put_back_moved(packed);
}

push_result send_wait::try_send() {
    if (bytes_kept_ != 0) return to_->push_flat(frame_, {kept_.data(), bytes_kept_});
    return to_->push(frame_, *message_, block_);
}

bool send_wait::try_finish() {
    switch (try_send()) {
    case push_result::sent: return true;
    case push_result::full: return false;
    case push_result::closed: break;
    }
    to_->throw_closed();
}

void send_wait::enlist() { to_->wait(*this); }
void send_wait::abandon() noexcept { to_->leave(*this); }

}  // namespace troupe::detail
