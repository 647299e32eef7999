// Any class, in a process of its own. Whoever has a reference to the object calls its methods by name.
//
//     auto book = co_await troupe::host<phone_book>("Seoul");
//     co_await book.post<&phone_book::add>("Ada", 7);
//     const std::optional<int> number = co_await book.call<&phone_book::find>("Ada");
//
// The class needs no registration and no base. Its constructor's arguments, and its methods' parameters and results,
// are messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <troupe/actor.hpp>
#include <troupe/detail/birth.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/mailbox.hpp>
#include <troupe/spawn.hpp>
#include <troupe/task.hpp>

namespace troupe {

// A reference to an object: a value that can be copied, compared, hashed and sent, as a reference to an actor can. The
// object is an actor, so `join`, `stop`, `terminate`, `kill`, `alive`, `name` and `pid` are an actor's. `stop` lets it
// finish the calls that it has been sent, and then destroys it.
template <class T>
class object : public detail::actor_base {
public:
    object() noexcept = default;

    // Calls a method, and waits for what it returns. Awaiting it gives that value, or nothing. The object runs one call
    // at a time, in the order of their arrival; a method that is a coroutine holds up the others until it has ended.
    // Throws actor_died if the object's process ends before it has answered, remote_error if the method threw. The
    // arguments are encoded when you call `call`.
    template <auto Method, class... Args>
    [[nodiscard("a call does nothing until it is awaited")]] auto call(Args&&... args) const {
        using request = detail::method_request<Method, decltype(Method)>;
        if constexpr (detail::can_call<T, Method, Args...>()) {
            detail::known_method<T, Method>::use();
            return detail::ask_wait_for<typename request::reply>(
                id_, {.type = detail::noted_type<request>()}, detail::encoded(request{{std::forward<Args>(args)...}}));
        }
    }
    // Calls a method, and waits for nothing but room in the object's mailbox. What the method returns is dropped. If it
    // throws, the object's process ends with that exception. Throws actor_died if the process is dead, closed if the
    // object was asked to stop.
    template <auto Method, class... Args>
    [[nodiscard("a call does nothing until it is awaited")]] auto post(Args&&... args) const {
        using message = detail::method_message<Method, decltype(Method)>;
        if constexpr (detail::can_call<T, Method, Args...>()) {
            detail::known_method<T, Method>::use();
            return detail::sending(detail::mailbox_of(id_), message{{std::forward<Args>(args)...}});
        }
    }

private:
    friend struct detail::refer;
    explicit object(detail::actor_id id) noexcept : actor_base(id) {}
};

template <class T>
struct detail::value_traits<object<T>> {
    using representation = std::uint64_t;
    static representation to(const object<T>& ref) { return ref.id().value; }
    static void from(representation&& id, object<T>& into) { into = refer::to<object<T>>(actor_id{id}); }
};

namespace detail {

// As an argument travels: a text that is not the sender's own.
template <class A>
using constructed_from =
    std::conditional_t<std::is_convertible_v<std::decay_t<A>, const char*>, std::string, std::decay_t<A>>;

// Whether a T can be made from such arguments in another process; fails with a sentence if not.
template <class T, class... Args>
consteval bool can_be_hosted() {
    constexpr bool is_class = std::is_class_v<T>;
    static_assert(is_class, "troupe: only an object of a class can be hosted: host<type>(arguments...)");
    if constexpr (is_class) {
        constexpr bool made = std::is_constructible_v<T, Args&&...>;
        static_assert(made, "troupe: the arguments given to host are not those of a constructor of the class");
        return made && all_travel(std::type_identity<std::tuple<Args...>>{});
    }
    return false;
}

template <class T>
task<> serve_object(T* one) {
    for (;;) {
        next_letter next(own_mailbox());
        if (!co_await next) co_return;
        handling now(next);
        if (const method<T>* const called = method<T>::find(next.in_hand().frame.type)) {
            co_await called->serve(next, *one);
        } else {
            refuse_method(next);
        }
        now.over();
    }
}

// What an object's process does: it makes the object, and serves it until its mailbox ends.
template <class T, class... Args>
int be_object(birth& born) {
    method<T>::check_numbers();
    auto arguments = decoded<std::tuple<Args...>>(born.arguments());
    T one = std::make_from_tuple<T>(std::move(arguments));
    born.begin();
    return run_to_end(then_zero(serve_object(&one)));
}

template <class T, class... Args>
struct [[gnu::visibility("hidden")]] known_object {
    static constexpr std::uint64_t hash = hash_of(type_name<known_object>());
    static inline const registration entry{type_name<known_object>(), hash, &be_object<T, Args...>,
                                           &method<T>::name_of};
};

template <class T>
spawn_options named_for(spawn_options options) {
    if (options.name.empty()) options.name = unqualified(type_name<T>()).substr(0, 63);
    return options;
}

}  // namespace detail

// Makes a T in a process of its own. Awaiting it gives a reference to the object, once its constructor has returned.
// The arguments are encoded when you call `host`. Throws spawn_failed, with the reason, if the process cannot be
// started, or if the constructor throws or ends the process. Without a name, the process has the name of the class.
template <class T, class... Args>
task<object<T>> host(spawn_options options, Args&&... args) {
    if constexpr (detail::can_be_hosted<T, detail::constructed_from<Args>...>()) {
        const std::tuple<detail::constructed_from<Args>...> values(std::forward<Args>(args)...);
        return detail::start_actor<object<T>>(
            detail::named_for<T>(std::move(options)),
            detail::start_request{&detail::known_object<T, detail::constructed_from<Args>...>::entry,
                                  detail::encoded(values), true});
    }
}
template <class T, class... Args>
    requires(sizeof...(Args) == 0 || !(detail::is_options<Args> || ...))
task<object<T>> host(Args&&... args) {
    return host<T>(spawn_options{}, std::forward<Args>(args)...);
}

}  // namespace troupe

template <class T>
struct std::hash<troupe::object<T>> {
    std::size_t operator()(const troupe::object<T>& ref) const noexcept {
        return std::hash<std::uint64_t>{}(ref.id().value);
    }
};
