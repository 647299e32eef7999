#include <troupe/detail/cell_hold.hpp>

#include <string>

#include <troupe/detail/end_hold.hpp>
#include <troupe/error.hpp>

#include "channel/cell_port.hpp"
#include "channel/participant.hpp"

namespace troupe::detail {

static_assert(static_cast<std::uint32_t>(cell_sort::condition) ==
              static_cast<std::uint32_t>(shm::cell_kind::condition));

// A handle may outlive `run`, or be a copy in a forked child: then there is nothing to give back.
channel::cell_port* cell_hold::here() const noexcept {
    channel::participant* const current = channel::participant::current();
    return port_ != nullptr && current != nullptr && &port_->here() == current ? port_ : nullptr;
}

cell_hold::cell_hold(const cell_hold& other) noexcept : port_(other.port_) {
    if (channel::cell_port* const port = here()) port->count_hold();
}

cell_hold::~cell_hold() {
    if (channel::cell_port* const port = here()) port->release();
}

channel::cell_port& cell_hold::checked(const char* what) const {
    if (channel::cell_port* const port = here()) return *port;
    if (port_ == nullptr) {
        throw misuse(std::string(what) + " was moved from, or was never made, and cannot be used");
    }
    channel::participant::here();
    throw misuse(std::string(what) +
                 " belongs to the process this one was forked from; pass it as an argument of spawn");
}

handle_ref cell_hold::share() const {
    channel::cell_port& port = checked("this handle");
    port.count_hold();
    return {port.id().value, both_ends};
}

cell_hold cell_hold::adopt(handle_ref ref, cell_sort sort) {
    if (ref.role != both_ends || !shm::cell_id::is_one(ref.object)) {
        throw corrupt("a handle in a message is of another kind than the message's type says");
    }
    channel::cell_port& port = channel::participant::here().cells().port_of(shm::cell_id{ref.object});
    port.hold();
    cell_hold held(&port);
    if (static_cast<std::uint32_t>(port.kind()) != static_cast<std::uint32_t>(sort)) {
        throw corrupt("a handle in a message is of another kind than the message's type says");
    }
    return held;
}

cell_hold make_cell(cell_sort sort) {
    channel::participant& here = channel::participant::here();
    shm::cell_table& table = here.memory().cells();
    const shm::cell_id made = channel::or_make_room(
        here, [&] { return table.claim(static_cast<shm::cell_kind>(static_cast<std::uint32_t>(sort)), here.owner()); });
    channel::cell_port& port = here.cells().port_of(made);
    port.count_hold();
    return cell_hold(&port);
}

}  // namespace troupe::detail
