// An open file that this process owns: a socket, a pipe's end, a file, a device.
//
//     troupe::descriptor log(::open("log", O_WRONLY | O_CLOEXEC));
//     co_await writer.send(attach{.to = std::move(log)});
//
// A descriptor is moved, never copied, and closes its file at its end. If you move it into a message, an item of a
// queue or an argument of spawn, the file belongs to the process that receives it, under a number of that process's
// own. A file that is never received is closed, whoever is killed on the way. Until it is received, it is open in the
// program, not in the sender: at most a quarter of the program's limit of open files can be on their way at a time;
// past that, the send throws too_large. In a mailbox, a queue or a pipe, each counts as a large message of 64 KiB. If
// the receiver has no number left for it, its receive throws too_large, and the message is gone with what it carries.
//
// What is said of a buffer in a message is true of a descriptor: sending a message takes its descriptors out of it, and
// to send that message again is misuse. If the message cannot be encoded, or a `try_send` does not send it, its
// descriptors stay where they were. If a wait ends without having sent, they are closed. A message that nobody has
// received goes to the next incarnation or the next reader with its descriptors. Once a receiver has one of them, the
// message is not delivered again: if that process dies, the file is closed, and an asker gets a remote_error.
//
// What is passed more than once cannot hold a descriptor, and does not compile with one: arguments of supervised
// actors, tasks of a pool.
#pragma once

#include <utility>

#include <troupe/detail/category.hpp>
#include <troupe/detail/outgoing.hpp>

namespace troupe {

class descriptor {
public:
    // An empty one. It can be sent, and arrives empty.
    descriptor() noexcept = default;
    // Takes the file over, which is closed on exec from then on. Throws misuse if the number is not that of an open
    // file.
    explicit descriptor(int fd);
    descriptor(descriptor&& other) noexcept : fd_(other.take()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        if (this != &other) {
            const int taken = other.take();
            close_it();
            fd_ = taken;
        }
        return *this;
    }
    ~descriptor() { close_it(); }

    // The number, which stays this object's; -1 if there is none.
    int get() const noexcept { return fd_ < 0 ? -1 : fd_; }
    // Gives the file away: whoever gets the number closes it.
    int release() && noexcept {
        const int taken = take();
        return taken < 0 ? -1 : taken;
    }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    friend struct detail::handle_traits<descriptor>;
    static constexpr int none = -1, moved_away = -2;
    int take() noexcept { return std::exchange(fd_, fd_ == none ? none : moved_away); }
    void close_it() noexcept;

    mutable int fd_ = none;  // mutable: sending a const message moves from it
};

template <>
struct detail::handle_traits<descriptor> {
    static handle_ref refer(const descriptor& held);
    static void adopt(descriptor& into, const handle_ref& ref);
    static const void* home(const descriptor& held) { return &held; }
    static void give_back(const void* home, handle_ref& ref);
};

}  // namespace troupe
