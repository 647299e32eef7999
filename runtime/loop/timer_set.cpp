#include "loop/timer_set.hpp"

#include <troupe/detail/ready_queue.hpp>

#include "base/check.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::loop {

bool timer_set::before(const detail::timer& a, const detail::timer& b) noexcept {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.order < b.order;
}

void timer_set::put(std::size_t place, detail::timer* one) noexcept {
    heap_[place] = one;
    one->place = place;
}

void timer_set::rise(std::size_t place) noexcept {
    detail::timer* const one = heap_[place];
    while (place > 0 && before(*one, *heap_[(place - 1) / 2])) {
        put(place, heap_[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(place, one);
}

void timer_set::sink(std::size_t place) noexcept {
    detail::timer* const one = heap_[place];
    for (std::size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
        if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
        if (!before(*heap_[child], *one)) break;
        put(place, heap_[child]);
        place = child;
    }
    put(place, one);
}

void timer_set::arm(detail::timer& one) {
    TROUPE_CHECK(!one.armed() && one.due != nullptr);
    heap_.push_back(&one);
    one.order = ++armed_so_far_;
    one.since = static_cast<std::uint32_t>(detail::ready.turn());
    rise(heap_.size() - 1);
}

void timer_set::disarm(detail::timer& one) noexcept {
    if (!one.armed()) return;
    const std::size_t hole = one.place;
    one.place = detail::timer::nowhere;
    detail::timer* const last = heap_.back();
    heap_.pop_back();
    if (last == &one) return;
    put(hole, last);
    rise(hole);
    sink(last->place);
}

// The earliest is nearly always the one; others are looked at only if nobody's coroutine waits for it.
void timer_set::describe(wait_notes& into) const noexcept {
    const detail::timer* first = nullptr;
    for (const detail::timer* const one : heap_) {
        if (one->waiter != nullptr && (first == nullptr || before(*one, *first))) first = one;
        if (first == heap_.front()) break;
    }
    if (first == nullptr) return;
    // The first millisecond that is not before it.
    const auto until = std::chrono::ceil<std::chrono::milliseconds>(first->deadline.time_since_epoch()).count();
    into.add(first->waiter, first->since, {.kind = base::waiting_kind::time, .of = static_cast<std::uint64_t>(until)});
}

bool timer_set::fire_due(base::time_point now) noexcept {
    bool any = false;
    while (!heap_.empty() && heap_.front()->deadline <= now) {
        detail::timer& one = *heap_.front();
        disarm(one);
        one.due(one);
        any = true;
    }
    return any;
}

}  // namespace troupe::loop
