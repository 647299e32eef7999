// The waits of mailboxes, queues and connections, and the holds of their ends.
#include <troupe/detail/port.hpp>
#include <troupe/error.hpp>

#include <array>
#include <string>

#include "base/check.hpp"
#include "channel/parcel.hpp"
#include "channel/port.hpp"
#include "channel/station.hpp"

namespace troupe::detail {

// --- holds ---------------------------------------------------------------------------------------------------------

namespace {

// A handle may outlive `run`, or be a copy in a forked child: then there is nothing to give back.
bool belongs_here(const port* held) noexcept {
    return held != nullptr && channel::station::current() != nullptr && held->belongs_to(*channel::station::current());
}

}  // namespace

end_hold::end_hold(const end_hold& other) noexcept : port_(other.port_), role_(other.role_) {
    if (belongs_here(port_)) port_->hold(role_);
}

end_hold::~end_hold() {
    if (belongs_here(port_)) port_->release(role_);
}

port& end_hold::checked(const char* what) const {
    if (!belongs_here(port_)) throw_unusable(what);
    return *port_;
}

void end_hold::throw_unusable(const char* what) const {
    if (port_ == nullptr) {
        throw misuse(std::string(what) + " was moved from, or closed by this process, and cannot be used any more");
    }
    channel::station::here();
    throw misuse(std::string(what) +
                 " belongs to the process this one was forked from; pass it as an argument of spawn");
}

handle_ref end_hold::lend() const {
    port& held = checked("this handle");
    held.hold(role_);
    return {held.channel().value, role_};
}

handle_ref end_hold::part() noexcept {
    port* held = std::exchange(port_, nullptr);
    if (role_ & receiving_end) held->stop_reading();
    return {held->channel().value, role_};
}

end_hold end_hold::adopt(handle_ref ref, std::uint32_t role) {
    if (ref.role != role) throw corrupt("a handle in a message is of another kind than the message's type says");
    port& held = channel::station::here().port_of(shm::channel_id{ref.object});
    held.hold(role);
    return {&held, role};
}

// --- messages on their way out -------------------------------------------------------------------------------------

namespace {

constexpr std::size_t largest_spare_buffer = std::size_t{1} << 20;

// Kept until the process ends, or this library is unloaded.
constinit std::array<outgoing*, 16> spare_buffers{};
constinit std::size_t spare = 0;
[[gnu::destructor]] void drop_spare_buffers() {
    while (spare > 0) delete spare_buffers[--spare];
}

void give_back(const handle_ref& one) noexcept {
    channel::station* const here = channel::station::current();
    if (here == nullptr || (one.role & taken_role) != 0) return;
    if ((one.role & buffer_role) != 0) {
        const shm::block_id block = channel::buffer_of(here->memory(), one);
        if (block && here->memory().blocks().belongs_to(block, here->owner()))
            channel::free_block(here->memory(), block);
    } else if (port* held = here->find_port(shm::channel_id{one.object})) {
        held->release(one.role);
    }
}

}  // namespace

parting::parting() : out_(spare > 0 ? spare_buffers[--spare] : new outgoing) {}

// What cannot be put back goes with the message.
void parting::give_back_lent(std::span<const handle_ref> packed) noexcept {
    for (const lent_handle& one : out_->lent) {
        handle_ref& from = packed.empty() ? out_->handles[one.place] : const_cast<handle_ref&>(packed[one.place]);
        try {
            one.give_back(one.home, from);
        } catch (const error&) {
        }
    }
    out_->lent.clear();
}

void parting::let_go() noexcept {
    for (const handle_ref& one : out_->handles) give_back(one);
    out_->clear();
    if (spare < spare_buffers.size() && out_->bytes.capacity() <= largest_spare_buffer) {
        spare_buffers[spare++] = out_;
    } else {
        delete out_;
    }
}

// --- receiving -----------------------------------------------------------------------------------------------------

void finish_letter(letter& taken) noexcept {
    if (taken.from != nullptr) std::exchange(taken.from, nullptr)->finish(taken);
}

bool receive_wait::try_finish() {
    const shm::looking how = std::exchange(looked_, true) ? shm::looking::thoroughly : shm::looking::at_headers;
    switch (port_->pick(letter_, wants_all() ? nullptr : this, how)) {
    case port::picked::letter: has_letter_ = true; return true;
    case port::picked::ended: return true;
    case port::picked::nothing: break;
    }
    return false;
}

void receive_wait::enlist() { port_->wait_for_letter(*this); }
void receive_wait::abandon() noexcept { port_->leave(*this); }

// --- sending -------------------------------------------------------------------------------------------------------

void send_wait::drop_block() noexcept { port_->drop_block(block_); }

push_result send_wait::try_once() {
    struct guard {
        send_wait& self;
        push_result result = push_result::closed;
        ~guard() {
            if (result != push_result::sent && self.bytes_kept_ == 0) self.give_back_lent();
        }
    } once{*this};
    return once.result = try_send();
}

void send_wait::give_back_lent() noexcept {
    std::span<const handle_ref> packed;
    if (block_ != 0) {
        const auto content = channel::look_into_parcel(channel::station::here().memory(), {block_});
        if (content) packed = content->handles;
    }
    message_.give_back_lent(packed);
}

push_result send_wait::try_send() {
    if (bytes_kept_ != 0) return port_->push_flat(frame_, {kept_.data(), bytes_kept_});
    return port_->push(frame_, *message_, block_);
}

bool send_wait::try_finish() {
    switch (try_send()) {
    case push_result::sent: return true;
    case push_result::full: return false;
    case push_result::closed: break;
    }
    port_->throw_closed();
}

void send_wait::enlist() { port_->wait_for_room(*this); }
void send_wait::abandon() noexcept { port_->leave(*this); }

}  // namespace troupe::detail
