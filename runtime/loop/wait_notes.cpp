#include "loop/wait_notes.hpp"

#include <algorithm>

#include <troupe/detail/ready_queue.hpp>

namespace troupe::loop {

bool wait_notes::add(const detail::promise_base* waiter, std::uint32_t since, base::waited_for what) noexcept {
    if (count_ == most) {
        more_ = true;
        return false;
    }
    const std::uint64_t turn = detail::ready.turn();
    what.since = turn - (static_cast<std::uint32_t>(turn) - since);
    what.waiter = reinterpret_cast<std::uint64_t>(waiter);
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(count_++);
    *end = what;
    if (waiter == nullptr) return true;
    if (told_by_whom_ == 0) first_waiter_ = waiter;
    std::rotate(entries_.begin() + static_cast<std::ptrdiff_t>(told_by_whom_++), end, end + 1);
    return true;
}

}  // namespace troupe::loop
