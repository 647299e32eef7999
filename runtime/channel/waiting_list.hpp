// Waits in the order in which they came. Intrusive: `Next` is the member that links them.
#pragma once

namespace troupe::channel {

template <class Wait, Wait* Wait::* Next = &Wait::next_waiting>
class waiting_list {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    bool has_one() const noexcept { return first_ != nullptr && first_ == last_; }
    Wait* first() const noexcept { return first_; }

    void append(Wait& wait) noexcept {
        wait.*Next = nullptr;
        (last_ == nullptr ? first_ : last_->*Next) = &wait;
        last_ = &wait;
    }

    void remove(Wait& wait) noexcept {
        Wait* before = nullptr;
        for (Wait* one = first_; one != nullptr; before = one, one = one->*Next) {
            if (one != &wait) continue;
            (before == nullptr ? first_ : before->*Next) = one->*Next;
            if (last_ == one) last_ = before;
            return;
        }
    }

    template <class Visit>
    void for_each(Visit visit) {
        for (Wait* one = first_; one != nullptr;) {
            Wait* next = one->*Next;
            visit(*one);
            one = next;
        }
    }

private:
    Wait* first_ = nullptr;
    Wait* last_ = nullptr;
};

}  // namespace troupe::channel
