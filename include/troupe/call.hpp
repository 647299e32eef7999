// One function in a process of its own, and what it returns.
#pragma once

#include <type_traits>
#include <utility>

#include <troupe/detail/birth.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/expected_reply.hpp>
#include <troupe/detail/reply_address.hpp>
#include <troupe/error.hpp>
#include <troupe/spawn.hpp>
#include <troupe/task.hpp>

namespace troupe {
namespace detail {

template <class T>
consteval bool result_travels() {
    if constexpr (std::is_void_v<T>) {
        return true;
    } else {
        check_travels<T>();
        return travels<T>;
    }
}

// What `Fn` is as a function that is called. If it cannot be one, a sentence says so before anything else is checked.
template <auto Fn>
struct called_function : function_that_travels<Fn> {
    using base = function_that_travels<Fn>;
    using value = std::remove_cvref_t<typename awaited_from<std::remove_cvref_t<typename base::result>>::type>;
    static_assert(!base::has_mailbox,
                  "troupe: a function that is called has no mailbox, since nobody gets a reference to it: use spawn");
    static constexpr bool sound = base::sound && !base::has_mailbox && result_travels<value>();
    static std::string_view message_name(std::uint32_t) { return {}; }
};

template <class T>
task<int> answer_when_ended(task<T> call, reply_address caller) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(call);
            caller.answer(*encoded_message());
        } else {
            const T value = co_await std::move(call);
            caller.answer(*encoded(value));
        }
    } catch (const cancelled&) {
        caller.leave();  // this process is asked to end, and the caller hears how it did
        throw;
    } catch (...) {
        caller.answer_with_exception();
    }
    co_return 0;
}

template <class T, class Call>
void answer_at_once(Call&& call, reply_address caller) {
    try {
        if constexpr (std::is_void_v<T>) {
            call();
            caller.answer(*encoded_message());
        } else {
            caller.answer(*encoded<T>(call()));
        }
    } catch (const cancelled&) {
        caller.leave();
        throw;
    } catch (...) {
        caller.answer_with_exception();
    }
}

// What the process of a call does: it decodes its arguments, calls the function, and answers.
template <auto Fn>
int answer_call(birth& born) {
    using function = called_function<Fn>;
    auto arguments = decoded<typename function::arguments>(born.arguments());
    reply_address caller = born.caller();
    born.begin();
    const auto call = [&]() -> decltype(auto) {
        return std::apply([](auto&... each) -> decltype(auto) { return Fn(std::move(each)...); }, arguments);
    };
    if constexpr (is_task<std::remove_cvref_t<typename function::result>>) {
        return run_to_end(answer_when_ended(call(), std::move(caller)));
    } else {
        answer_at_once<typename function::value>(call, std::move(caller));
        return 0;
    }
}

template <auto Fn>
struct [[gnu::visibility("hidden")]] known_call {
    static constexpr std::uint64_t hash = hash_of(type_name<known_call>());
    static inline const registration entry{type_name<known_call>(), hash, &answer_call<Fn>,
                                           &called_function<Fn>::message_name};
};

// Starts the process, and ends when the reply is here. Kills the process when it ends otherwise.
task<> call(spawn_options options, start_request request, expected_reply* into);

template <class T>
task<T> value_of_call(spawn_options options, start_request request) {
    expected_reply reply;
    co_await call(std::move(options), std::move(request), &reply);
    const incoming content = reply.content();
    if constexpr (!std::is_void_v<T>) co_return decoded<T>(content);
}

}  // namespace detail

// Calls `Fn` in a process of its own. Returns a task that gives what `Fn` returns: a message type, or nothing. `Fn` is
// a function or a captureless lambda, plain or a coroutine; its parameters are as in `spawn`, without a mailbox. The
// arguments are encoded when you call `call`, and errors of encoding are thrown there.
//
// The task ends as soon as the value is here. A value that was given counts, however the process ends after it. The
// task throws remote_error if `Fn` throws, or if what it returns cannot be encoded; actor_died, with the exit status,
// if the process ends without an answer; spawn_failed if it cannot be started. If the task is cancelled, or a deadline
// passes (`with_timeout`), the process is killed. `message_deadline` and `mailbox` of the options have no meaning here.
template <auto Fn, class... Args>
task<typename detail::called_function<Fn>::value> call(spawn_options options, Args&&... args) {
    using function = detail::called_function<Fn>;
    using arguments = typename function::arguments;
    static_assert(!function::sound || sizeof...(Args) == std::tuple_size_v<arguments>,
                  "troupe: call was given more or fewer arguments than the function takes");
    if constexpr (function::sound && sizeof...(Args) == std::tuple_size_v<arguments>) {
        constexpr bool convert = std::is_constructible_v<arguments, Args&&...>;
        static_assert(convert, "troupe: an argument given to call does not convert to what the function takes");
        if constexpr (convert) {
            const arguments values(std::forward<Args>(args)...);
            return detail::value_of_call<typename function::value>(
                std::move(options),
                detail::start_request{&detail::known_call<Fn>::entry, detail::encoded(values), false});
        }
    }
}

template <auto Fn, class... Args>
    requires(sizeof...(Args) == 0 || !(detail::is_options<Args> || ...))
task<typename detail::called_function<Fn>::value> call(Args&&... args) {
    return call<Fn>(spawn_options{}, std::forward<Args>(args)...);
}

// Chosen if the function is given as an argument. It does not compile, and says where the function belongs.
template <class Function, class... Args>
    requires detail::function_like<std::remove_pointer_t<std::remove_cvref_t<Function>>>
auto call(Function&&, Args&&...) {
    static_assert(!std::is_same_v<Function, Function>,
                  "troupe: the function that is called stands in angle brackets: call<function>(arguments...)");
}

}  // namespace troupe
