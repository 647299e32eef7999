// A reference to an actor: a value that names it and the messages it takes.
//
// It is small, copied freely, compared, hashed and sent. It stays safe for ever: when the actor is dead, sends and
// requests throw actor_died, and it never reaches another actor in its place. A reference to fewer messages is made
// from one to more, not the other way round.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/batch.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/handler.hpp>
#include <troupe/detail/request.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/time.hpp>

namespace troupe {

enum class send_result { sent, full, gone };

namespace detail {

send_result try_send(actor_id actor, message_frame frame, parting message);

template <class M, class... Ms>
inline constexpr bool one_of = (std::same_as<M, Ms> || ...);

// What of a message given to `send` travels: a text where the actor takes std::string.
template <class M, class... Ms>
using sent_as = std::conditional_t<!one_of<M, Ms...> && one_of<std::string, Ms...> &&
                                       std::is_convertible_v<const M&, std::string_view>,
                                   std::string, M>;

// Waits until the actor has ended.
class join_wait final : public fate_wait {
public:
    explicit join_wait(actor_id actor) noexcept : fate_wait(actor) {}
    exit_status await_resume() {
        throw_if_failed();
        return status();
    }
};

// What a reference does whatever messages it names.
class actor_base {
public:
    // Waits until the actor has ended, by any holder, any number of times, also long after the end.
    [[nodiscard("a join does nothing until it is awaited")]] join_wait join() const { return join_wait(id_); }

    int pid() const;           // 0 when it is dead
    std::string name() const;  // empty when it has none, or is dead and forgotten
    bool alive() const;        // false is for ever; true may be out of date

    // Asks it to end: its mailbox ends after what is in it, and `this_actor::stop_requested()` is true in it.
    void stop() const;
    // Ends the wait it is in, or comes to next, with `cancelled`. Once a call; it may catch that and go on.
    void interrupt() const;
    // Unwinds it: its waits throw `cancelled`, destructors run, and it dies of SIGTERM. Killed if it has not by then.
    // `terminate` and `kill` throw std::system_error (EPERM) when the program may not signal it, because one of the two
    // has changed its user; it then ends with the program.
    void terminate(detail::length_of_time budget = std::chrono::seconds(2)) const;
    // SIGKILL.
    void kill() const;

    // Names an actor; a default-constructed reference does not, and every call to it throws misuse.
    explicit operator bool() const noexcept { return static_cast<bool>(id_); }
    friend bool operator==(const actor_base&, const actor_base&) noexcept = default;
    actor_id id() const noexcept { return id_; }

protected:
    actor_base() noexcept = default;
    explicit actor_base(actor_id id) noexcept : id_(id) {}
    actor_id id_;
};

}  // namespace detail

template <class... Ms>
class actor : public detail::actor_base {
public:
    actor() noexcept = default;
    explicit actor(detail::actor_id id) noexcept : actor_base(id) {}

    // From a reference that takes these messages and perhaps more.
    template <class... More>
        requires(detail::one_of<Ms, More...> && ...)
    actor(const actor<More...>& wider) noexcept : actor_base(wider.id()) {}

    // Waits while the mailbox is full. Throws actor_died when the actor is dead, closed when it was asked to stop. The
    // message is encoded at the call: what cannot be encoded throws there, and nothing was sent. That a message was
    // sent does not say that it will be handled: the actor may die before.
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
    // Sends all of an array, a vector or a span, in its order, as one `send` after the other would, at less cost: small
    // ones go many in a record, and those become visible together. It must outlive the wait. Where one cannot be
    // encoded, or the wait ends without success, a part of those before it has been sent.
    template <class Messages>
    [[nodiscard("a send does nothing until it is awaited")]] auto send_many(const Messages& messages) const {
        check_takes<detail::message_in<Messages>>();
        return detail::send_many(detail::mailbox_of(id_), messages);
    }
    // Without waiting. What was not sent is still the caller's, with its buffers and connections.
    template <class M>
    send_result try_send(const M& message) const {
        using sent = detail::sent_as<M, Ms...>;
        check_takes<sent>();
        if constexpr (std::is_same_v<sent, M>) {
            return detail::try_send(id_, {.type = detail::type_id<M>()}, detail::encoded_on_loan(message));
        } else {
            return try_send(sent(std::string_view(message)));
        }
    }

    // Sends a message that names a reply, and waits for it. Throws actor_died when the actor ends before it answered,
    // remote_error when its handler threw. A cycle of actors that ask each other from inside their handlers waits for
    // ever: give a deadline.
    template <class M>
    [[nodiscard("a request does nothing until it is awaited")]] auto ask(const M& message) const {
        check_takes<M>();
        static_assert(detail::request_like<M>,
                      "troupe: only a message that names a reply (`using reply = ...;`) can be asked");
        if constexpr (detail::request_like<M>) {
            return detail::ask_wait_for<typename M::reply>(id_, {.type = detail::type_id<M>()},
                                                           detail::encoded(message));
        }
    }
    // The same, and throws timed_out when the reply has not come by then; a reply that comes later is dropped.
    template <class M, class Rep, class Period>
    [[nodiscard("a request does nothing until it is awaited")]] auto ask(
        const M& message, std::chrono::duration<Rep, Period> deadline) const {
        return with_timeout(deadline, ask(message));
    }

private:
    template <class M>
    static constexpr void check_takes() {
        static_assert(detail::one_of<M, Ms...>, "troupe: this actor does not take messages of this type");
    }
};

template <class... Ms>
struct detail::value_traits<actor<Ms...>> {
    using representation = std::uint64_t;
    static representation to(const actor<Ms...>& ref) { return ref.id().value; }
    static void from(representation&& id, actor<Ms...>& into) { into = actor<Ms...>(actor_id{id}); }
};

}  // namespace troupe

template <class... Ms>
struct std::hash<troupe::actor<Ms...>> {
    std::size_t operator()(const troupe::actor<Ms...>& ref) const noexcept {
        return std::hash<std::uint64_t>{}(ref.id().value);
    }
};
