#pragma once

#include <cstdint>

#include <troupe/detail/wait.hpp>

namespace troupe::detail {

enum class until : std::uint8_t { readable, writable };

// What a socket has, from its second wait on: the kernel goes on watching it, so that a wait costs no call. It belongs
// to whoever owns the descriptor, and ends before that is closed or given away: see loop/descriptor_set.hpp.
struct kept_watch {
    int fd = -1;  // that is watched; -1: none
    bool had_wait = false;
    bool barred = false;  // it was woken while nobody waited
};

// Waits until a descriptor can be read or written.
class [[nodiscard("a wait for a descriptor does nothing until it is awaited")]] descriptor_wait final : public wait {
public:
    descriptor_wait(int fd, until what);
    // For whoever has just tried to read or write, and could not: it does not look once more before it waits.
    // `kept` outlives the wait or ends it; null: none. With one the wait may end too early, and is begun again then.
    struct tried {};
    descriptor_wait(tried, int fd, until what, kept_watch* kept = nullptr) : descriptor_wait(fd, what) {
        looked_ = true;
        kept_ = kept;
    }
    void await_resume() const { throw_if_failed(); }

    int fd() const noexcept { return fd_; }
    until what() const noexcept { return what_; }
    kept_watch* kept() const noexcept { return kept_; }
    // The kernel has said so, and nobody else waits for the same.
    void confirm() noexcept {
        confirmed_ = true;
        wake();
    }

    // Into and out of the list of all that wait, of which `newest` is the first.
    void link(descriptor_wait*& newest) noexcept;
    void unlink(descriptor_wait*& newest) noexcept;
    const descriptor_wait* older() const noexcept { return older_; }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    int fd_;
    until what_;
    bool looked_ = false;  // the first look has been had, elsewhere
    bool confirmed_ = false;
    bool listed_ = false;
    kept_watch* kept_ = nullptr;
    descriptor_wait* older_ = nullptr;
    descriptor_wait* newer_ = nullptr;
};

}  // namespace troupe::detail
