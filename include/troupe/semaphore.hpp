// A semaphore: so many permits, which processes take and give back.
//
// Permits belong to the process that has acquired them, and come back when it ends, however it ends. For producers and
// consumers, where one process acquires what another one releases, there is `acquire(n, for_good)`: such permits belong
// to nobody. A release of more than the process holds makes new ones. Letting go of the last handle in a process gives
// back what it holds.
//
// Waits are served strictly in the order in which they came, over all processes: one that wants many is not overtaken
// by those that want few. A wait can be given a deadline (`with_timeout`) and can be cancelled; it has taken nothing
// then.
#pragma once

#include <cstdint>
#include <utility>

#include <troupe/detail/decoding_scope.hpp>
#include <troupe/detail/lock_wait.hpp>
#include <troupe/detail/travels.hpp>

namespace troupe {

struct for_good_t {};
// The permits do not come back when the process ends.
inline constexpr for_good_t for_good{};

namespace detail {

enum class permit_use : std::uint8_t { to_hold, for_good };

// First in line at the turnstile, whose holder alone waits for permits.
class [[nodiscard("an acquire does nothing until it is awaited")]] permit_wait final : public lock_wait {
public:
    permit_wait(cell_hold hold, std::uint32_t many, permit_use use) noexcept
        : lock_wait(std::move(hold)), many_(many), use_(use) {}
    void await_resume() const { throw_if_failed(); }

    readiness glance() noexcept override;
    readiness fall_asleep() noexcept override;
    void awake() noexcept override;

private:
    bool try_finish() override;
    void abandon() noexcept override;
    bool take();

    std::uint32_t many_;
    permit_use use_;
    bool done_ = false;
};

cell_hold make_semaphore(std::uint32_t permits);
bool try_acquire(const cell_hold& hold, std::uint32_t many, permit_use use);
void release_permits(const cell_hold& hold, std::uint32_t many);
void check_permits(const cell_hold& hold, std::uint32_t many);
std::uint32_t free_permits(const cell_hold& hold);

}  // namespace detail

class semaphore {
public:
    // A handle of no semaphore: using it throws misuse. A received one is put there.
    semaphore() noexcept = default;
    // A new one, with 0 to 1,048,575 (2^20 - 1) free permits. Throws too_large past that, misuse outside of `run`, and
    // out_of_memory.
    explicit semaphore(std::uint32_t permits) : hold_(detail::make_semaphore(permits)) {}

    // Awaiting it takes `many` permits, and waits until there are so many. All of these throw misuse if `many` is 0,
    // and too_large past 2^20 - 1. A wait for more permits than there will ever be does not end by itself.
    auto acquire(std::uint32_t many = 1) const {
        detail::check_permits(hold_, many);
        return detail::permit_wait(hold_, many, detail::permit_use::to_hold);
    }
    auto acquire(std::uint32_t many, for_good_t) const {
        detail::check_permits(hold_, many);
        return detail::permit_wait(hold_, many, detail::permit_use::for_good);
    }
    // Without waiting: false if there are too few, or somebody waits already.
    bool try_acquire(std::uint32_t many = 1) const {
        return detail::try_acquire(hold_, many, detail::permit_use::to_hold);
    }
    bool try_acquire(std::uint32_t many, for_good_t) const {
        return detail::try_acquire(hold_, many, detail::permit_use::for_good);
    }
    // Gives back `many` permits, or makes new ones where this process holds fewer. Throws too_large, and changes
    // nothing, if more than 2^20 - 1 would be free.
    void release(std::uint32_t many = 1) const { detail::release_permits(hold_, many); }

    // How many are free. Others may take them in the meantime.
    std::uint32_t available() const { return detail::free_permits(hold_); }

    friend bool operator==(const semaphore&, const semaphore&) noexcept = default;

private:
    friend struct detail::handle_traits<semaphore>;
    detail::cell_hold hold_;
};

template <>
struct detail::handle_traits<semaphore> {
    static handle_ref refer(const semaphore& held) { return held.hold_.share(); }
    static void adopt(semaphore& into, handle_ref ref) { into.hold_ = cell_hold::adopt(ref, cell_sort::semaphore); }
};

}  // namespace troupe
