#include "actor/own_commands.hpp"

namespace troupe::actors {

bool own_commands::some_are_gone() const noexcept {
    for (std::uint64_t rest = given_up_; rest != 0; rest &= rest - 1) {
        if (self_.commands[static_cast<std::size_t>(std::countr_zero(rest))].pid() == 0) return true;
    }
    return false;
}

std::optional<std::size_t> own_commands::claim() noexcept {
    for (std::uint64_t rest = given_up_; rest != 0; rest &= rest - 1) {
        const auto cell = static_cast<std::size_t>(std::countr_zero(rest));
        if (self_.commands[cell].pid() != 0) continue;
        taken_ &= ~bit(cell);
        given_up_ &= ~bit(cell);
    }
    if (~taken_ == 0) return std::nullopt;
    const auto cell = static_cast<std::size_t>(std::countr_one(taken_));
    taken_ |= bit(cell);
    self_.commands[cell].clear();
    return cell;
}

}  // namespace troupe::actors
