// Handlers: which of a mailbox's messages each of those given to `serve` takes, and how it is called.
//
// Where a handler's type says what its one parameter is (a function, a lambda, a std::function, in whatever form), it
// takes that message. Of any other callable (generic, overloaded, one that deduces its own object) the mailbox says
// which: those of its messages that it can be called with, and that no handler of the first sort takes.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include <troupe/detail/codec.hpp>
#include <troupe/task.hpp>

namespace troupe::detail {

template <class M>
concept request_like = requires { typename M::reply; };

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

// void where the type does not say it.
template <class H>
struct first_parameter {
    using type = void;
};
template <class P>
struct says_parameter {
    using type = std::remove_cvref_t<P>;
};
template <class R, class P>
struct first_parameter<R (*)(P)> : says_parameter<P> {};
template <class R, class P>
struct first_parameter<R (*)(P) noexcept> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P)> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) noexcept> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) const> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) const noexcept> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P)&> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) & noexcept> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) const&> : says_parameter<P> {};
template <class R, class C, class P>
struct first_parameter<R (C::*)(P) const & noexcept> : says_parameter<P> {};
template <class H>
    requires requires { &H::operator(); }
struct first_parameter<H> : first_parameter<decltype(&H::operator())> {};
template <reference_like H>  // std::ref
struct first_parameter<H> : first_parameter<std::decay_t<typename H::type>> {};

template <class H>
using parameter_of = std::conditional_t<std::is_member_pointer_v<H>, says_parameter<void>, first_parameter<H>>::type;

// By value, or as a reference to what is the actor's own.
template <class H, class M>
inline constexpr bool can_be_called = std::is_invocable_v<H&, M> || std::is_invocable_v<H&, M&>;

// The place among Hs of the handler that takes M; sizeof...(Hs) where none does.
template <class M, class... Hs>
consteval std::size_t place_of_handler() {
    std::size_t place = 0;
    if constexpr ((std::is_same_v<parameter_of<Hs>, M> || ...)) {
        static_cast<void>(((std::is_same_v<parameter_of<Hs>, M> || (++place, false)) || ...));
    } else {
        const auto takes = []<class H>(std::type_identity<H>) {
            if constexpr (std::is_void_v<parameter_of<H>>)
                return can_be_called<H, M>;
            else
                return false;
        };
        static_cast<void>(((takes(std::type_identity<Hs>{}) || (++place, false)) || ...));
    }
    return place;
}

template <std::size_t Place, class First, class... Rest>
constexpr auto& at_place(First& first, Rest&... rest) {
    if constexpr (Place == 0)
        return first;
    else
        return at_place<Place - 1>(rest...);
}

template <class H, class M>
using result_of_handler = typename std::conditional_t<std::is_invocable_v<H&, M>, std::invoke_result<H&, M>,
                                                      std::invoke_result<H&, M&>>::type;

template <class Result>
struct awaited_from {
    using type = Result;
};
template <class T>
struct awaited_from<task<T>> {
    using type = T;
};

// What the handler gives is the reply that M names, or M asks for none.
template <class M, class H>
consteval bool gives_reply() {
    if constexpr (request_like<M>) {
        using given = typename awaited_from<std::remove_cvref_t<result_of_handler<H, M>>>::type;
        return std::is_void_v<typename M::reply> || std::is_convertible_v<given, typename M::reply>;
    } else {
        return true;
    }
}

// Whether these handlers serve a mailbox of these messages; fails with a sentence where they do not.
template <class... Ms, class... Hs>
consteval bool can_serve(types<Ms...>, types<Hs...>) {
    constexpr bool all_taken = ((place_of_handler<Ms, Hs...>() < sizeof...(Hs)) && ...);
    static_assert(all_taken, "troupe: serve needs a handler for every message the mailbox takes");
    constexpr bool all_needed = [] {
        bool needed[sizeof...(Hs) + 1] = {};
        ((needed[place_of_handler<Ms, Hs...>()] = true), ...);
        bool all = true;
        for (std::size_t i = 0; i < sizeof...(Hs); ++i) all = all && needed[i];
        return all;
    }();
    static_assert(all_needed || !all_taken,
                  "troupe: a handler given to serve takes a message that the mailbox does not, or that another handler "
                  "takes; it is a function or a lambda with the message as its one parameter");
    if constexpr (all_taken && all_needed) {
        constexpr bool callable =
            (can_be_called<
                 std::remove_reference_t<decltype(at_place<place_of_handler<Ms, Hs...>()>(std::declval<Hs&>()...))>,
                 Ms> &&
             ...);
        static_assert(callable, "troupe: a handler given to serve cannot be called with its message");
        if constexpr (callable) {
            constexpr bool right =
                (gives_reply<Ms, std::remove_reference_t<decltype(at_place<place_of_handler<Ms, Hs...>()>(
                                     std::declval<Hs&>()...))>>() &&
                 ...);
            static_assert(right,
                          "troupe: the handler of a request returns what the message names as its reply "
                          "(`using reply = ...;`), or a task of it");
            return right;
        }
    }
    return false;
}

// Calls it with a message that nobody else needs.
template <class M, class H>
decltype(auto) call_with(H& handler, M& message) {
    if constexpr (std::is_invocable_v<H&, M>)
        return handler(std::move(message));
    else
        return handler(message);
}

}  // namespace troupe::detail
