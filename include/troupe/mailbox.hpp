// An actor's mailbox: its inbox, in shared memory, filled by whoever holds a reference.
//
// The first parameter of an actor's function. It is the actor's alone: not copied, not sent. Messages of one sender
// arrive in the order in which it sent them. The mailbox ends, after what is in it, when the actor was asked to stop or
// its parent's function has returned.
#pragma once

#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <troupe/actor.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/port.hpp>
#include <troupe/error.hpp>
#include <troupe/task.hpp>

namespace troupe {

struct down;

// A request in hand: the message, and the way to answer it. Answer once; dropped without an answer, the asker gets a
// remote_error that says so.
template <class M>
class request : public M {
public:
    request(M message, detail::reply_address from) : M(std::move(message)), from_(std::move(from)) {}

    template <class R = typename M::reply>
        requires(!std::is_void_v<R>)
    void reply(const R& value) {
        detail::parting message = detail::encoded<typename M::reply>(value);
        from_.answer(*message);
    }
    void reply()
        requires std::is_void_v<typename M::reply>
    {
        detail::parting message;
        from_.answer(*message);
    }

private:
    detail::reply_address from_;
};

// What `receive` gives of a message: a request keeps the way to answer it.
template <class M>
struct received_as {
    using type = M;
};
template <detail::request_like M>
struct received_as<M> {
    using type = request<M>;
};
template <class M>
using received = typename received_as<M>::type;

namespace detail {

port& own_mailbox();
actor_id own_id();
void monitor(actor_id actor);
bool unmonitor(actor_id actor) noexcept;

template <class M>
received<M> take_received(receive_wait& taken) {
    if constexpr (request_like<M>) {
        reply_address from = reply_address_of(taken.in_hand());
        try {
            return request<M>(take_decoded<M>(taken), std::move(from));
        } catch (const corrupt&) {
            from.answer_with_exception();
            throw;
        }
    } else {
        return take_decoded<M>(taken);
    }
}

template <class M>
class receive_one final : public receive_wait {
public:
    explicit receive_one(port& from) : receive_wait(from, &wanted, 1) {}
    std::optional<received<M>> await_resume() {
        check();
        if (!has_letter()) return std::nullopt;
        return take_received<M>(*this);
    }

private:
    static constexpr std::uint32_t wanted = type_id<M>();
};

template <class... Ms>
class receive_any final : public receive_wait {
public:
    using value = std::variant<received<Ms>...>;
    using receive_wait::receive_wait;
    std::optional<value> await_resume() {
        check();
        return take();
    }
    std::optional<value> try_get() { return try_receive() ? take() : std::nullopt; }

private:
    std::optional<value> take() {
        if (!has_letter()) return std::nullopt;
        std::optional<value> result;
        const std::uint32_t type = in_hand().frame.type;
        (void)((type == type_id<Ms>() &&
                (result.emplace(std::in_place_type<received<Ms>>, take_received<Ms>(*this)), true)) ||
               ...);
        if (!result) {
            finish();
            throw_wrong_type();
        }
        return result;
    }
};

// The next message whatever it is, left in hand.
class next_letter final : public receive_wait {
public:
    using receive_wait::receive_wait;
    bool await_resume() {
        check();
        return has_letter();
    }
};

// The message type a handler takes.
template <class T>
struct first_parameter;
template <class R, class P>
struct first_parameter<R (*)(P)> {
    using type = std::remove_cvref_t<P>;
};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P)> : first_parameter<R (*)(P)> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) const> : first_parameter<R (*)(P)> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) noexcept> : first_parameter<R (*)(P)> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) const noexcept> : first_parameter<R (*)(P)> {};
template <class H>
    requires requires { &H::operator(); }
struct first_parameter<H> : first_parameter<decltype(&H::operator())> {};
template <class H>
using handled_by = typename first_parameter<std::decay_t<H>>::type;

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

// The message in hand; empty when its bytes do not decode, which harms that message alone.
template <class M>
std::optional<M> take_sound(receive_wait& taken) {
    try {
        return take_decoded<M>(taken);
    } catch (const corrupt&) {
        return std::nullopt;
    }
}

// Call the handler with the message in hand, and answer if it is a request. Of a plain handler nothing is left to
// await.
template <class M, class Handler>
std::suspend_never handle_plain(receive_wait& taken, Handler& handler) {
    if constexpr (request_like<M>) {
        reply_address from = reply_address_of(taken.in_hand());
        try {
            if constexpr (std::is_void_v<typename M::reply>) {
                handler(take_decoded<M>(taken));
                from.answer(*parting());
            } else {
                const typename M::reply value = handler(take_decoded<M>(taken));
                from.answer(*encoded(value));
            }
        } catch (...) {
            from.answer_with_exception();
        }
    } else if (std::optional<M> message = take_sound<M>(taken)) {
        handler(*std::move(message));
    }
    return {};
}

template <class M, class Handler>
task<> handle_coroutine(receive_wait* taken, Handler* handler) {
    if constexpr (request_like<M>) {
        reply_address from = reply_address_of(taken->in_hand());
        try {
            if constexpr (std::is_void_v<typename M::reply>) {
                co_await (*handler)(take_decoded<M>(*taken));
                from.answer(*parting());
            } else {
                const typename M::reply value = co_await (*handler)(take_decoded<M>(*taken));
                from.answer(*encoded(value));
            }
        } catch (const cancelled&) {
            throw;  // this actor is asked to end; the asker hears that there is no answer
        } catch (...) {
            from.answer_with_exception();
        }
    } else if (std::optional<M> message = take_sound<M>(*taken)) {
        co_await (*handler)(*std::move(message));
    }
}

template <class M, class Handler>
auto handle(receive_wait& taken, Handler& handler) {
    if constexpr (is_task<std::invoke_result_t<Handler&, M>>) {
        return handle_coroutine<M>(&taken, &handler);
    } else {
        return handle_plain<M>(taken, handler);
    }
}

}  // namespace detail

template <class... Ms>
class mailbox {
public:
    mailbox() : port_(&detail::own_mailbox()) {}
    mailbox(mailbox&&) noexcept = default;
    mailbox& operator=(mailbox&&) noexcept = default;

    // The next message, in the order of arrival; empty at the end. With one message type that message, with several a
    // variant of them. Throws corrupt when its bytes do not decode; that message is then gone, the others are not.
    [[nodiscard("a receive does nothing until it is awaited")]] auto receive() {
        if constexpr (sizeof...(Ms) == 1) {
            return detail::receive_one<Ms...>(*port_);
        } else {
            return detail::receive_any<Ms...>(*port_);
        }
    }
    // The next message of type M; those it passes over stay in the mailbox, in their order, and take room there.
    template <class M>
        requires detail::one_of<M, Ms...>
    [[nodiscard("a receive does nothing until it is awaited")]] auto receive() {
        return detail::receive_one<M>(*port_);
    }
    // Without waiting.
    std::optional<std::variant<received<Ms>...>> try_receive() { return detail::receive_any<Ms...>(*port_).try_get(); }

    // Handles messages, one at a time, until the mailbox ends: one handler for each message type, plain or a coroutine.
    // What the handler of a request returns is the reply; what it throws goes to the asker as remote_error, and serving
    // goes on. What any other handler throws leaves `serve`. A message whose bytes do not decode is dropped.
    template <class... Handlers>
    task<> serve(Handlers... handlers) {
        static_assert((detail::one_of<Ms, detail::handled_by<Handlers>...> && ...),
                      "troupe: serve needs a handler for every message the mailbox takes");
        static_assert((detail::one_of<detail::handled_by<Handlers>, Ms...> && ...),
                      "troupe: a handler given to serve takes a message that the mailbox does not");
        for (;;) {
            detail::next_letter next(*port_);
            if (!co_await next) co_return;
            const std::uint32_t type = next.in_hand().frame.type;
            detail::handling now(next);
            static_cast<void>(((type == detail::type_id<detail::handled_by<Handlers>>() &&
                                (co_await detail::handle<detail::handled_by<Handlers>>(next, handlers), true)) ||
                               ...));
            now.over();
        }
    }

    // When `who` has ended for good, one message `down` comes to this mailbox; at once when it has already. It comes
    // exactly once for each call, before messages that wait, and needs no room in the mailbox. An actor that its
    // supervisor starts again has not ended.
    template <class... Theirs>
    void monitor(const actor<Theirs...>& who) {
        static_assert(detail::one_of<down, Ms...>, "troupe: only a mailbox that takes troupe::down can monitor");
        detail::monitor(who.id());
    }
    // Takes back one call of `monitor`. False: the message is in the mailbox already, or there was no such call.
    template <class... Theirs>
    bool unmonitor(const actor<Theirs...>& who) noexcept {
        return detail::unmonitor(who.id());
    }

    // A reference to this actor.
    actor<Ms...> address() const { return actor<Ms...>(detail::own_id()); }

private:
    detail::port* port_;
};

}  // namespace troupe
