// A lock without a value: for what lies elsewhere, in a file or in an array that actors share. See shared.hpp for the
// order in which it is given, and for what happens when its holder dies.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include <troupe/shared.hpp>

namespace troupe {

class mutex {
public:
    // The lock, while it is held. It can be moved, and lets go at its end.
    class held {
    public:
        // How the last process ended that died with the lock, if no other has let it go in good order since.
        std::optional<exit_status> abandoned() const { return turn_.abandoned(); }
        void unlock() noexcept { turn_.unlock(); }

    private:
        friend class mutex;
        friend struct detail::turn_access;
        template <class>
        friend class detail::held_wait;
        explicit held(detail::lock_turn turn) noexcept : turn_(std::move(turn)) {}
        // In place: a turn that is moved is nobody's any more.
        explicit held(detail::lock_wait& waited) noexcept : turn_(waited.take_turn()) {}
        detail::lock_turn turn_;
    };

    // A new lock. Throws misuse outside of `run`, and out_of_memory.
    mutex() {
        if (!detail::decoding()) hold_ = detail::make_lock(nullptr, 0);
    }

    // Awaiting it gives a `held`.
    auto lock() const {
        hold_.expect_here(noun);
        return detail::held_wait<held>(hold_);
    }
    // The same for at most `d`: a task that throws timed_out, and says who has the lock, and since when.
    template <class Rep, class Period>
    task<held> lock(std::chrono::duration<Rep, Period> d) const {
        hold_.expect_here(noun);
        return detail::lock_within<held>(hold_, detail::to_nanoseconds(d));
    }
    // Without waiting: nullopt if somebody has the lock.
    std::optional<held> try_lock() const {
        detail::lock_turn turn = detail::try_lock(hold_, noun);
        return turn ? std::optional<held>(held(std::move(turn))) : std::nullopt;
    }

    friend bool operator==(const mutex&, const mutex&) noexcept = default;

private:
    friend struct detail::handle_traits<mutex>;
    static constexpr const char* noun = "this mutex";
    detail::cell_hold hold_;
};

template <>
struct detail::handle_traits<mutex> {
    static handle_ref refer(const mutex& held) { return held.hold_.share(); }
    static void adopt(mutex& into, handle_ref ref) { into.hold_ = cell_hold::adopt(ref, cell_sort::lock); }
};

}  // namespace troupe
