// Starting actors.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/actor.hpp>
#include <troupe/detail/birth.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/limits.hpp>
#include <troupe/mailbox.hpp>
#include <troupe/start_method.hpp>
#include <troupe/task.hpp>

namespace troupe {

struct spawn_options {
    // Up to 63 bytes; shown by ps and in errors.
    std::string name = {};
    start_method method = start_method::default_method;
    // Ended, not awaited, when its parent's function returns.
    bool daemon = false;
    // Bytes of messages that may wait: 64 KiB to 256 MiB, rounded up to a power of two.
    std::size_t mailbox = std::size_t{256} << 10;
    // How long one handler of `serve` may take; 0: as long as it likes. An actor that is still in it after that, in a
    // loop, stopped or blocked in a system call, is killed and counts as crashed. Time for which the whole program was
    // stopped, or the actor traced, does not count; TROUPE_DEADLINES=off in the program's environment: no deadlines.
    std::chrono::nanoseconds message_deadline = std::chrono::nanoseconds(0);
    // Its working directory; the parent's when empty.
    std::string directory = {};
    // Added to the parent's environment (forkserver: to the program's, as it was at `run`), or changed in it.
    std::vector<std::pair<std::string, std::string>> environment = {};
    // What the system holds it to: spawn_options{.limits = {.memory = 64 << 20}}.
    struct limits limits = {};
};

namespace detail {

template <class Signature>
struct actor_function;
template <class R, class... Ps>
struct actor_function<R (*)(Ps...)> {
    using result = R;
    using arguments = std::tuple<std::decay_t<Ps>...>;
    using reference = actor<>;
    static constexpr bool has_mailbox = false;
    static std::string_view message_name(std::uint32_t) { return {}; }
};
template <class R, class... Ms, class... Ps>
struct actor_function<R (*)(mailbox<Ms...>, Ps...)> {
    using result = R;
    using arguments = std::tuple<std::decay_t<Ps>...>;
    using reference = actor<Ms...>;
    static constexpr bool has_mailbox = true;
    static std::string_view message_name(std::uint32_t type) {
        std::string_view name;
        static_cast<void>(((type == type_id<Ms>() && (name = type_name<Ms>(), true)) || ...));
        return name;
    }
};
template <class R, class... Ps>
struct actor_function<R (*)(Ps...) noexcept> : actor_function<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct actor_function<R (C::*)(Ps...) const> : actor_function<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct actor_function<R (C::*)(Ps...) const noexcept> : actor_function<R (*)(Ps...)> {};

template <auto Fn>
consteval auto signature_of() {
    if constexpr (std::is_class_v<decltype(Fn)>) {
        return actor_function<decltype(&decltype(Fn)::operator())>{};
    } else {
        return actor_function<decltype(Fn)>{};
    }
}
template <auto Fn>
using function_of = decltype(signature_of<Fn>());

// What an actor's process does: decodes its arguments and calls the function.
template <auto Fn>
int call_actor(birth& born) {
    using function = function_of<Fn>;
    using result = typename function::result;
    static_assert(std::is_void_v<result> || std::is_same_v<result, int> || std::is_same_v<result, task<>> ||
                      std::is_same_v<result, task<int>>,
                  "troupe: an actor's function returns void or int, or is a coroutine that gives one (troupe::task<>, "
                  "task<int>)");
    auto arguments = decoded<typename function::arguments>(born.arguments());
    born.begin();
    const auto call = [&]() -> decltype(auto) {
        return std::apply(
            [](auto&... each) -> decltype(auto) {
                if constexpr (function::has_mailbox) {
                    return Fn({}, std::move(each)...);
                } else {
                    return Fn(std::move(each)...);
                }
            },
            arguments);
    };
    if constexpr (std::is_void_v<result>) {
        call();
        return 0;
    } else if constexpr (std::is_same_v<result, int>) {
        return call();
    } else if constexpr (std::is_same_v<result, task<int>>) {
        return run_to_end(call());
    } else {
        return run_to_end(then_zero(call()));
    }
}

// Instantiated before main runs, in every process of the executable: that is how a process that was exec'd finds it.
template <auto Fn>
struct known_actor {
    static constexpr std::uint64_t hash = hash_of(type_name<known_actor>());
    static inline const registration entry{type_name<known_actor>(), hash, &call_actor<Fn>,
                                           &function_of<Fn>::message_name};
};

template <class Reference>
task<Reference> start_actor(spawn_options options, start_request request) {
    co_return Reference(co_await start(std::move(options), std::move(request)));
}

template <class T>
inline constexpr bool is_options = std::is_same_v<std::remove_cvref_t<T>, spawn_options>;

}  // namespace detail

// Starts `Fn` as an actor in a process of its own and gives a reference to it, once that process has decoded its
// arguments and is about to call it. `Fn` is a function, or a captureless lambda, plain or a coroutine. Its parameters
// are the arguments, which travel as messages do; if the first is a mailbox<Ms...>, the reference takes those messages.
//
// The arguments are encoded at the call: what cannot be encoded throws there, too_large past 1 GiB. The task throws
// spawn_failed, with the reason, when the process cannot be started or ends before it gets to its function; whatever
// was prepared is cleaned up. Cancelled, it ends the process again.
template <auto Fn, class... Args>
task<typename detail::function_of<Fn>::reference> spawn(spawn_options options, Args&&... args) {
    using function = detail::function_of<Fn>;
    using arguments = typename function::arguments;
    static_assert(sizeof...(Args) == std::tuple_size_v<arguments>,
                  "troupe: spawn was given more or fewer arguments than the actor's function takes");
    if constexpr (sizeof...(Args) == std::tuple_size_v<arguments>) {
        static_assert(std::is_constructible_v<arguments, Args&&...>,
                      "troupe: an argument given to spawn does not convert to what the actor's function takes");
        const arguments values(std::forward<Args>(args)...);
        return detail::start_actor<typename function::reference>(
            std::move(options),
            detail::start_request{&detail::known_actor<Fn>::entry, detail::encoded(values), function::has_mailbox});
    }
}

template <auto Fn, class... Args>
    requires(sizeof...(Args) == 0 || !(detail::is_options<Args> || ...))
task<typename detail::function_of<Fn>::reference> spawn(Args&&... args) {
    return spawn<Fn>(spawn_options{}, std::forward<Args>(args)...);
}

}  // namespace troupe
