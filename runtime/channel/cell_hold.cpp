#include <troupe/detail/cell_hold.hpp>

#include <string>

#include <troupe/detail/end_hold.hpp>
#include <troupe/error.hpp>

#include "channel/cell_port.hpp"
#include "channel/participant.hpp"

namespace troupe::detail {

static_assert(static_cast<std::uint32_t>(cell_sort::condition) ==
              static_cast<std::uint32_t>(shm::cell_kind::condition));

void cell_hold::let_go() const noexcept { get()->let_go(); }

void cell_hold::refuse(const char* what) const {
    if (use_ == nullptr) {
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
