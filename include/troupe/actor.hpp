// A reference to an actor: a value that names the actor and the messages it takes.
//
// A reference is small, and can be copied, compared, hashed and sent. It stays safe for ever: once the actor is dead,
// sends and requests throw actor_died, and the reference never reaches another actor instead. A reference converts to
// one that takes fewer messages, but not to one that takes more.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/ask_wait.hpp>
#include <troupe/detail/batch.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/exit_wait.hpp>
#include <troupe/detail/handler.hpp>
#include <troupe/detail/send_wait.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/time.hpp>

namespace troupe {

enum class send_result { sent, full, gone };

namespace detail {

// The way to an actor's mailbox. Throws actor_died, or misuse when the reference names nobody or an actor without one.
channel::outbox& mailbox_of(actor_id actor);
send_result try_send(actor_id actor, message_frame frame, encoded_message message);

template <class M, class... Ms>
inline constexpr bool one_of = (std::same_as<M, Ms> || ...);

// The type in which `send` sends an M: std::string if the actor takes that but not M, and M converts to a
// std::string_view; otherwise M.
template <class M, class... Ms>
using sent_as = std::conditional_t<!one_of<M, Ms...> && one_of<std::string, Ms...> &&
                                       std::is_convertible_v<const M&, std::string_view>,
                                   std::string, M>;

// Waits until the actor has ended.
class join_wait final : public exit_wait {
public:
    explicit join_wait(actor_id actor) noexcept : exit_wait(actor) {}
    exit_status await_resume() {
        throw_if_failed();
        return status();
    }
};

// The part of a reference that does not depend on its messages.
class actor_base {
public:
    // Awaiting it waits until the actor has ended, and gives its exit_status. Any holder of a reference may await this,
    // any number of times, also long after the end.
    [[nodiscard("a join does nothing until it is awaited")]] join_wait join() const { return join_wait(id_); }

    int pid() const;           // 0 if the actor is dead
    std::string name() const;  // empty if it has none, or is dead and forgotten
    bool alive() const;        // once false, it stays false; true may be out of date

    // Asks the actor to end: its mailbox ends once everything in it has been read, and `this_actor::stop_requested()`
    // returns true there.
    void stop() const;
    // Makes the wait that the actor is in, or its next one, throw `cancelled`. One call ends one wait; the actor may
    // catch the exception and go on.
    void interrupt() const;
    // Unwinds the actor: its waits throw `cancelled`, destructors run, and it dies of SIGTERM. If it has not ended
    // within `budget`, it is killed.
    // `terminate` and `kill` throw std::system_error (EPERM) if the program may not signal the actor, because one of
    // the two has changed its user. Such an actor ends when the program does.
    void terminate(detail::length_of_time budget = std::chrono::seconds(2)) const;
    // Kills the actor with SIGKILL.
    void kill() const;

    // True if the reference names an actor. A default-constructed reference does not, and every call to it throws
    // misuse.
    explicit operator bool() const noexcept { return static_cast<bool>(id_); }
    friend bool operator==(const actor_base&, const actor_base&) noexcept = default;
    actor_id id() const noexcept { return id_; }

protected:
    actor_base() noexcept = default;
    explicit actor_base(actor_id id) noexcept : id_(id) {}
    actor_id id_;
};

// For the library alone: users get references from `spawn` and in messages.
struct refer {
    template <class Reference>
    static Reference to(actor_id id) noexcept {
        return Reference(id);
    }
};

}  // namespace detail

template <class... Ms>
class actor : public detail::actor_base {
public:
    actor() noexcept = default;

    // Converts from a reference that takes these messages and perhaps more.
    template <class... More>
        requires(detail::one_of<Ms, More...> && ...)
    actor(const actor<More...>& wider) noexcept : actor_base(wider.id()) {}

    // Sends a message, and waits while the mailbox is full. Awaiting it returns nothing. Throws actor_died if the actor
    // is dead, closed if it was asked to stop. The message is encoded when you call `send`: a message that cannot be
    // encoded throws there, and nothing is sent. A message that was sent is not certain to be handled: the actor may
    // die first.
    template <class M>
    [[nodiscard("a send does nothing until it is awaited")]] auto send(const M& message) const {
        using sent = detail::sent_as<M, Ms...>;
        check_takes<sent>();
        if constexpr (std::is_same_v<sent, M>) {
            return detail::sending(detail::mailbox_of(id_), message);
        } else {
            return detail::sending(detail::mailbox_of(id_), sent(std::string_view(message)));
        }
    }
    // Sends all messages of an array, a vector or a span, in order, like one `send` after the other but at less cost:
    // many small messages share a record, and become visible together. Awaiting it returns nothing. `messages` must
    // outlive the await. If a message cannot be encoded, or the wait ends without success, some of the messages before
    // that point have been sent.
    template <class Messages>
    [[nodiscard("a send does nothing until it is awaited")]] auto send_many(const Messages& messages) const {
        check_takes<detail::message_in<Messages>>();
        return detail::send_many(detail::mailbox_of(id_), messages);
    }
    // Sends without waiting. Returns `full` if the mailbox has no room, `gone` if the actor is dead or its mailbox has
    // ended. A message that was not sent is still yours, with its buffers and connections.
    template <class M>
    send_result try_send(const M& message) const {
        using sent = detail::sent_as<M, Ms...>;
        check_takes<sent>();
        if constexpr (std::is_same_v<sent, M>) {
            return detail::try_send(id_, {.type = detail::noted_type<M>()}, detail::encoded_for_try(message));
        } else {
            return try_send(sent(std::string_view(message)));
        }
    }

    // Sends a message that names a reply, and waits for the reply. Awaiting it gives the reply, of type M::reply
    // (nothing if that is void). Throws actor_died if the actor ends before it has answered, remote_error if its
    // handler threw. Actors that ask each other in a cycle, from inside their handlers, wait for ever: give a deadline.
    template <class M>
    [[nodiscard("a request does nothing until it is awaited")]] auto ask(const M& message) const {
        check_takes<M>();
        static_assert(detail::request_like<M>,
                      "troupe: only a message that names a reply (`using reply = ...;`) can be asked");
        if constexpr (detail::request_like<M>) {
            return detail::ask_wait_for<typename M::reply>(id_, {.type = detail::noted_type<M>()},
                                                           detail::encoded_to_send(message));
        }
    }
    // Returns a task<M::reply> that does the same, but throws timed_out if the reply has not come by the deadline. A
    // reply that comes later is dropped.
    template <class M, class Rep, class Period>
    [[nodiscard("a request does nothing until it is awaited")]] auto ask(
        const M& message, std::chrono::duration<Rep, Period> deadline) const {
        return with_timeout(deadline, ask(message));
    }

private:
    friend struct detail::refer;
    explicit actor(detail::actor_id id) noexcept : actor_base(id) {}

    template <class M>
    static constexpr void check_takes() {
        static_assert(detail::one_of<M, Ms...>, "troupe: this actor does not take messages of this type");
    }
};

template <class... Ms>
struct detail::value_traits<actor<Ms...>> {
    using representation = std::uint64_t;
    static representation to(const actor<Ms...>& ref) { return ref.id().value; }
    static void from(representation&& id, actor<Ms...>& into) { into = refer::to<actor<Ms...>>(actor_id{id}); }
};

}  // namespace troupe

template <class... Ms>
struct std::hash<troupe::actor<Ms...>> {
    std::size_t operator()(const troupe::actor<Ms...>& ref) const noexcept {
        return std::hash<std::uint64_t>{}(ref.id().value);
    }
};
