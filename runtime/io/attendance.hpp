// The coroutines that wait with a stream, a listener or the like, which another coroutine may close meanwhile.
//
// Each has a place in its frame, from when it is made: a task begins later than it is made, and the thing may be closed
// in between. When the thing ends, its attendance is told first: every wait fails with `closed`, and the places know
// that nothing is there any more. So whoever begins or goes on after that touches nothing of what has ended.
#pragma once

#include <utility>

#include <troupe/detail/descriptor_wait.hpp>
#include <troupe/detail/wait.hpp>

namespace troupe::io {

class attendance {
public:
    // Of one coroutine, as a parameter of it: until it is done with the thing.
    class place {
    public:
        explicit place(attendance& at) noexcept : at_(&at), next_(at.first_) { at.first_ = this; }
        // Into the frame; not while something is awaited with it.
        place(place&& other) noexcept : at_(std::exchange(other.at_, nullptr)), next_(other.next_) {
            if (at_ != nullptr) at_->replace(other, *this);
        }
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place() {
            if (at_ != nullptr) at_->leave(*this);
        }

        bool is_over() const noexcept { return at_ == nullptr; }
        // Throws closed if it is. For whoever begins, or has waited for something else meanwhile.
        void expect_open() const;

    private:
        friend class attendance;
        friend class ready;

        detail::kept_watch* kept() const noexcept {
            return at_ != nullptr && at_->keeps_watch_ ? &at_->kept_ : nullptr;
        }

        attendance* at_;
        place* next_;
        detail::wait* waiting_ = nullptr;
    };

    // Awaited by a coroutine that has a place, and has just tried what it waits for. The kernel looks whether it is
    // ready when the wait begins, so nothing that came after the try is missed.
    class ready {
    public:
        ready(place& of, int fd, detail::until what)
            : of_(of), wait_(detail::descriptor_wait::tried(), fd, what, of.kept()) {
            of_.waiting_ = &wait_;
        }
        ready(const ready&) = delete;
        ready& operator=(const ready&) = delete;
        ~ready() { of_.waiting_ = nullptr; }

        detail::descriptor_wait& operator co_await() noexcept { return wait_; }

    private:
        place& of_;
        detail::descriptor_wait wait_;
    };

    attendance() noexcept = default;
    attendance(const attendance&) = delete;
    attendance& operator=(const attendance&) = delete;
    ~attendance();

    // The kernel goes on watching the descriptor over its waits. For sockets.
    void keep_watch() noexcept { keeps_watch_ = true; }
    // Before the descriptor is given away.
    void end_watch() noexcept;

private:
    void leave(const place& one) noexcept;
    void replace(const place& one, place& with) noexcept;

    place* first_ = nullptr;
    detail::kept_watch kept_;
    bool keeps_watch_ = false;
};

}  // namespace troupe::io
