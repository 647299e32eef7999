// A pipe: two connections, each with one owner. What one end sends, the other receives.
//
//     auto [mine, yours] = troupe::pipe<question, answer>();     // mine sends questions and receives answers
//
// A connection is moved, never copied; moved into a message or an argument it belongs to the receiving process. The
// stream ends for the other side when a connection is closed, or destroyed, or its owner has died: after what was sent
// has been read.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include <troupe/detail/batch.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/port.hpp>

namespace troupe {

template <class Sent, class Received>
class connection;

namespace detail {

struct pipe_ends {
    end_hold first_sends, first_receives, second_sends, second_receives;
};
pipe_ends make_pipe();

// An end on its way to another process, which it belongs to from then on.
template <end_role Role>
struct moving_end {
    mutable end_hold hold;
};
template <end_role Role>
struct handle_traits<moving_end<Role>> {
    static handle_ref refer(const moving_end<Role>& end) {
        end.hold.checked("this connection");
        return end.hold.part();
    }
    static void adopt(moving_end<Role>& into, handle_ref ref) { into.hold = end_hold::adopt(ref, Role); }
};

void close_connection(end_hold& sends, end_hold& receives) noexcept;

template <class T>
class connection_wait final : public receive_wait {
public:
    using receive_wait::receive_wait;
    std::optional<T> await_resume() {
        check();
        if (!has_letter()) return std::nullopt;
        return take_decoded<T>(*this);
    }
    std::optional<T> try_get() {
        if (!try_receive()) return std::nullopt;
        return take_decoded<T>(*this);
    }
};

}  // namespace detail

template <class First, class Second>
std::pair<connection<First, Second>, connection<Second, First>> pipe();

// Sends `Sent`, receives `Received`. Not to be used by two coroutines for the same direction at once.
template <class Sent, class Received>
class connection {
public:
    // Holds nothing: every call throws misuse.
    connection() noexcept = default;
    connection(connection&&) noexcept = default;
    connection& operator=(connection&& other) noexcept {
        if (this != &other) {
            close();
            sends_ = std::move(other.sends_);
            receives_ = std::move(other.receives_);
        }
        return *this;
    }
    ~connection() { close(); }

    // Waits while the pipe is full. Throws closed when either end has been closed or its owner is dead.
    [[nodiscard("a send does nothing until it is awaited")]] auto send(const Sent& message) const {
        detail::port& to = sends_.checked("this connection");
        return detail::send_wait(to, frame(), detail::encoded(message));
    }
    // The next message; empty at the end of the stream.
    [[nodiscard("a receive does nothing until it is awaited")]] auto receive() const {
        return detail::connection_wait<Received>(receives_.checked("this connection"));
    }
    // Sends all of an array, a vector or a span, in its order, as one `send` after the other would, at less cost: small
    // ones go many in a record. It must outlive the wait. Where one cannot be encoded, or the wait ends without
    // success, a part of those before it has been sent.
    template <class Messages>
    [[nodiscard("a send does nothing until it is awaited")]] auto send_many(const Messages& messages) const {
        static_assert(std::is_same_v<detail::message_in<Messages>, Sent>, "troupe: this connection sends another type");
        return detail::send_many(sends_.checked("this connection"), messages);
    }
    // As `receive`, and with it those that are there already, at most so many; nothing at the end of the stream.
    [[nodiscard("a receive does nothing until it is awaited")]] auto receive_many(std::size_t most = 256) const {
        detail::port& from = receives_.checked("this connection");
        return detail::receive_many_wait<Received, &detail::take_plain<Received>>(most, from);
    }
    // Without waiting: false when the pipe is full; empty when there is no message now.
    bool try_send(const Sent& message) const {
        detail::port& to = sends_.checked("this connection");
        return detail::try_put(to, frame(), detail::encoded(message));
    }
    std::optional<Received> try_receive() const { return receive().try_get(); }

    // The other end reads what was sent, and then the end of the stream; what it sends from now on throws closed there.
    void close() noexcept { detail::close_connection(sends_, receives_); }

    explicit operator bool() const noexcept { return static_cast<bool>(sends_); }

private:
    template <class First, class Second>
    friend std::pair<connection<First, Second>, connection<Second, First>> pipe();
    friend struct detail::value_traits<connection>;

    connection(detail::end_hold sends, detail::end_hold receives)
        : sends_(std::move(sends)), receives_(std::move(receives)) {}
    static detail::message_frame frame() { return {.type = detail::type_id<Sent>()}; }

    mutable detail::end_hold sends_, receives_;
};

template <class Sent, class Received>
struct detail::value_traits<connection<Sent, Received>> {
    using representation = std::pair<moving_end<sending_end>, moving_end<receiving_end>>;
    static representation to(const connection<Sent, Received>& moved) {
        return {{std::move(moved.sends_)}, {std::move(moved.receives_)}};
    }
    static void from(representation&& ends, connection<Sent, Received>& into) {
        into = connection<Sent, Received>(std::move(ends.first.hold), std::move(ends.second.hold));
    }
};

// Throws misuse outside of `run`, out_of_memory when the program's shared memory is used up.
template <class First, class Second>
std::pair<connection<First, Second>, connection<Second, First>> pipe() {
    detail::pipe_ends ends = detail::make_pipe();
    return {connection<First, Second>(std::move(ends.first_sends), std::move(ends.first_receives)),
            connection<Second, First>(std::move(ends.second_sends), std::move(ends.second_receives))};
}

}  // namespace troupe
