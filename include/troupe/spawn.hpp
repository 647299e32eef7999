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
    // At most 63 bytes; shown by ps and in errors. If it is empty, the actor has the name of its function.
    std::string name = {};
    start_method method = start_method::default_method;
    // If true, the actor is ended, not awaited, when its parent's function returns.
    bool daemon = false;
    // If true, the actor is linked to its parent from birth, and again whenever it is restarted: if it ends in any way
    // but by returning 0, its parent is terminated, and the other way round; see this_actor::link. A start that fails
    // ends nobody.
    bool linked = false;
    // How many bytes of messages may wait in the mailbox: 64 KiB to 256 MiB, rounded up to a power of two.
    std::size_t mailbox = std::size_t{256} << 10;
    // How long one handler of `serve` may take; 0 means as long as it likes. If the actor is still in the handler after
    // that, whether it loops, is stopped or is blocked in a system call, it is killed and counts as crashed. Time for
    // which the whole program was stopped, or the actor was traced, does not count. TROUPE_DEADLINES=off in the
    // program's environment turns these deadlines off.
    detail::length_of_time message_deadline = {};
    // The actor's working directory; the parent's if empty.
    std::string directory = {};
    // Variables to add to, or change in, the environment that the actor inherits: its parent's, or under forkserver the
    // program's, as it was at `run`.
    std::vector<std::pair<std::string, std::string>> environment = {};
    // The limits that the system enforces on the actor: spawn_options{.limits = {.memory = 64 << 20}}.
    struct limits limits = {};
};

namespace detail {

// Why a function cannot be an actor's function.
enum class mistake : std::uint8_t {
    none,
    no_function,
    member_function,
    generic,
    changes_itself,
    mailbox_by_reference,
    mailbox_not_first,
    changes_argument,
};

template <class T>
inline constexpr bool is_mailbox = false;
template <class... Ms>
inline constexpr bool is_mailbox<mailbox<Ms...>> = true;

// The reference that `spawn` gives. The first mailbox among the parameters says which messages it takes, even if that
// mailbox is in the wrong place.
template <class... Ps>
struct reference_for {
    using type = actor<>;
};
template <class... Ms, class... Ps>
struct reference_for<mailbox<Ms...>, Ps...> {
    using type = actor<Ms...>;
};
template <class P, class... Ps>
struct reference_for<P, Ps...> : reference_for<Ps...> {};

template <class... Ps>
consteval mistake mistake_in_parameters() {
    constexpr bool mailboxes[] = {is_mailbox<std::remove_cvref_t<Ps>>..., false};
    if (mailboxes[0]) return mistake::mailbox_by_reference;
    if ((is_mailbox<std::remove_cvref_t<Ps>> || ...)) return mistake::mailbox_not_first;
    if (((std::is_lvalue_reference_v<Ps> && !std::is_const_v<std::remove_reference_t<Ps>>) || ...)) {
        return mistake::changes_argument;
    }
    return mistake::none;
}

template <class R, mistake What, class... Ps>
struct called_with {
    using result = R;
    using arguments = std::tuple<std::decay_t<Ps>...>;
    using reference = actor<>;
    static constexpr bool has_mailbox = false;
    static constexpr mistake what = What;
    static std::string_view message_name(std::uint32_t) { return {}; }
};

template <class Signature>
struct actor_function : called_with<void, mistake::no_function> {};
template <class R, class... Ps>
struct actor_function<R (*)(Ps...)> : called_with<R, mistake_in_parameters<Ps...>(), Ps...> {
    using reference = typename reference_for<std::remove_cvref_t<Ps>...>::type;
};
template <class R, class... Ms, class... Ps>
struct actor_function<R (*)(mailbox<Ms...>, Ps...)> : called_with<R, mistake_in_parameters<void, Ps...>(), Ps...> {
    using reference = actor<Ms...>;
    static constexpr bool has_mailbox = true;
    static std::string_view message_name(std::uint32_t type) {
        std::string_view name;
        static_cast<void>(((type == noted_type<Ms>() && (name = type_name<Ms>(), true)) || ...));
        return name;
    }
};
template <class R, class... Ps>
struct actor_function<R (*)(Ps...) noexcept> : actor_function<R (*)(Ps...)> {};

// The call operator of a lambda or of a function object.
template <class Signature>
struct call_operator : actor_function<Signature> {};  // static
template <class R, class C, class... Ps>
struct call_operator<R (C::*)(Ps...) const> : actor_function<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct call_operator<R (C::*)(Ps...) const noexcept> : actor_function<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct call_operator<R (C::*)(Ps...) const&> : actor_function<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct call_operator<R (C::*)(Ps...) const & noexcept> : actor_function<R (*)(Ps...)> {};
template <class Signature>
    requires std::is_member_pointer_v<Signature>
struct call_operator<Signature> : called_with<void, mistake::changes_itself> {};

template <auto Fn>
consteval auto signature_of() {
    using function = decltype(Fn);
    if constexpr (requires { &function::operator(); }) {
        return call_operator<decltype(&function::operator())>{};
    } else if constexpr (std::is_class_v<function>) {
        return called_with<void, mistake::generic>{};
    } else if constexpr (std::is_member_function_pointer_v<function>) {
        return called_with<void, mistake::member_function>{};
    } else {
        return actor_function<function>{};
    }
}

template <class T>
inline constexpr bool is_result =
    std::is_void_v<T> || std::is_same_v<T, int> || std::is_same_v<T, task<>> || std::is_same_v<T, task<int>>;

template <class... Arguments>
consteval bool all_travel(std::type_identity<std::tuple<Arguments...>>) {
    (check_travels<Arguments>(), ...);
    return (travels<Arguments> && ...);
}

// What `Fn` is as a function that another process calls. If it cannot be one, a sentence says so before anything else
// is checked.
template <auto Fn>
struct function_that_travels : decltype(signature_of<Fn>()) {
    using signature = decltype(signature_of<Fn>());
    static constexpr mistake found = signature::what;

    static_assert(
        found != mistake::no_function,
        "troupe: this is no function; an actor is a function or a lambda without captures: spawn<function>()");
    static_assert(found != mistake::member_function,
                  "troupe: a member function cannot be an actor, because its object stays behind; use a free function, "
                  "or a static one");
    static_assert(found != mistake::generic,
                  "troupe: an actor's function says the types of its parameters: it is not generic or overloaded");
    static_assert(found != mistake::changes_itself,
                  "troupe: a lambda that is an actor is a constant; leave out mutable, and use local variables");
    static_assert(found != mistake::mailbox_by_reference,
                  "troupe: an actor takes its mailbox by value: mailbox<...>, without & or &&");
    static_assert(found != mistake::mailbox_not_first,
                  "troupe: an actor has one mailbox, and it is the first parameter");
    static_assert(found != mistake::changes_argument,
                  "troupe: an actor's arguments are copies of its own, so that a parameter like int& would change "
                  "nothing for the caller; take it by value");
    static constexpr bool sound =
        found == mistake::none && all_travel(std::type_identity<typename signature::arguments>{});
};

// What `Fn` is as an actor's function.
template <auto Fn>
struct function_of : function_that_travels<Fn> {
    using base = function_that_travels<Fn>;
    static_assert(base::found != mistake::none || is_result<typename base::result>,
                  "troupe: an actor's function returns void or int, or is a coroutine that gives one (troupe::task<>, "
                  "task<int>)");
    static constexpr bool sound = base::sound && is_result<typename base::result>;
};

// What an actor's process does: it decodes its arguments and calls the function.
template <auto Fn>
int call_actor(birth& born) {
    using function = function_of<Fn>;
    using result = typename function::result;
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

// Instantiated before main runs, in every process of the executable, so that a process that was exec'd finds the
// function. Hidden, because two plugins may each have a function of this name.
template <auto Fn>
struct [[gnu::visibility("hidden")]] known_actor {
    static constexpr std::uint64_t hash = hash_of(type_name<known_actor>());
    static inline const registration entry{type_name<known_actor>(), hash, &call_actor<Fn>,
                                           &function_of<Fn>::message_name};
};

template <class Reference>
task<Reference> start_actor(spawn_options options, start_request request) {
    co_return refer::to<Reference>(co_await start(std::move(options), std::move(request)));
}

template <class T>
inline constexpr bool is_options = std::is_same_v<std::remove_cvref_t<T>, spawn_options>;

}  // namespace detail

// Starts `Fn` as an actor in a process of its own. Awaiting it gives a reference to the actor, once that process has
// decoded its arguments and is about to call `Fn`. `Fn` is a function or a captureless lambda, plain or a coroutine.
// Its parameters are the arguments, which travel as messages do. If the first one is a mailbox<Ms...>, the reference is
// an actor<Ms...>, otherwise an actor<>.
//
// The arguments are encoded when you call `spawn`. If they cannot be encoded, that call throws; past 1 GiB it throws
// too_large. The task throws spawn_failed, with the reason, if the process cannot be started or ends before it gets to
// its function; whatever was prepared is cleaned up. If the task is cancelled, it ends the process again.
template <auto Fn, class... Args>
task<typename detail::function_of<Fn>::reference> spawn(spawn_options options, Args&&... args) {
    using function = detail::function_of<Fn>;
    using arguments = typename function::arguments;
    static_assert(!function::sound || sizeof...(Args) == std::tuple_size_v<arguments>,
                  "troupe: spawn was given more or fewer arguments than the actor's function takes");
    if constexpr (function::sound && sizeof...(Args) == std::tuple_size_v<arguments>) {
        constexpr bool convert = std::is_constructible_v<arguments, Args&&...>;
        static_assert(convert,
                      "troupe: an argument given to spawn does not convert to what the actor's function takes");
        if constexpr (convert) {
            const arguments values(std::forward<Args>(args)...);
            return detail::start_actor<typename function::reference>(
                std::move(options),
                detail::start_request{&detail::known_actor<Fn>::entry, detail::encoded(values), function::has_mailbox});
        }
    }
}

template <auto Fn, class... Args>
    requires(sizeof...(Args) == 0 || !(detail::is_options<Args> || ...))
task<typename detail::function_of<Fn>::reference> spawn(Args&&... args) {
    return spawn<Fn>(spawn_options{}, std::forward<Args>(args)...);
}

// Chosen if the function is given as an argument. It does not compile, and says where the function belongs.
template <class Function, class... Args>
    requires detail::function_like<std::remove_pointer_t<std::remove_cvref_t<Function>>>
auto spawn(Function&&, Args&&...) {
    static_assert(!std::is_same_v<Function, Function>,
                  "troupe: the actor's function stands in angle brackets: spawn<function>(arguments...)");
}

}  // namespace troupe
