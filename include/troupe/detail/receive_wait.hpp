#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <troupe/detail/letter.hpp>
#include <troupe/detail/wait.hpp>

namespace troupe::detail {

// Waits until a message of one of `types` is there (none given: of any), or the stream ends.
class receive_wait : public wait {
public:
    explicit receive_wait(channel::inbox& from, const std::uint32_t* types = nullptr, std::size_t count = 0) noexcept
        : from_(&from), types_(types), count_(static_cast<std::uint32_t>(count)) {}
    receive_wait(receive_wait&& other) noexcept
        : wait(), from_(other.from_), types_(other.types_), count_(other.count_) {}
    receive_wait& operator=(receive_wait&&) = delete;
    ~receive_wait() { finish(); }

    bool wants_all() const noexcept { return count_ == 0; }
    bool wants(std::uint32_t type) const noexcept {
        for (std::uint32_t i = 0; i < count_; ++i) {
            if (types_[i] == type) return true;
        }
        return count_ == 0;
    }

    // The type, if it wants one alone; otherwise 0.
    std::uint32_t only_type() const noexcept { return count_ == 1 ? *types_ : 0; }

    // After the wait: false at the end of the stream; otherwise a letter is in hand until `finish`.
    bool has_letter() const noexcept { return has_letter_; }
    letter& in_hand() noexcept { return letter_; }
    void finish() noexcept {
        if (!kept_ && std::exchange(has_letter_, false)) finish_letter(letter_);
    }
    // From now on `finish` leaves the letter where it is; `consume` finishes it.
    void keep() noexcept { kept_ = true; }
    void consume() noexcept {
        kept_ = false;
        finish();
    }

    receive_wait* next_waiting = nullptr;

protected:
    // Without waiting, for the try_ forms.
    bool try_receive() {
        looked_ = true;
        return try_finish() && has_letter_;
    }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    channel::inbox* from_;
    const std::uint32_t* types_;
    std::uint32_t count_;  // with the flags behind it one word, so that clearing it and reading it is one access each
    bool has_letter_ = false;
    bool kept_ = false;
    bool looked_ = false;  // the first look, before the coroutine suspends, is the cheap one
    letter letter_;
};

}  // namespace troupe::detail
