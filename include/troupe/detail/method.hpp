// The methods by which an object in another process is called. Each has message types of its own, and is known in every
// process of the executable as soon as one place in it calls it.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <troupe/detail/handler.hpp>
#include <troupe/detail/message_note.hpp>
#include <troupe/detail/receive_wait.hpp>
#include <troupe/detail/serving.hpp>
#include <troupe/detail/travels.hpp>
#include <troupe/detail/type_id.hpp>
#include <troupe/error.hpp>
#include <troupe/task.hpp>

namespace troupe::detail {

template <class R, class... Ps>
struct called_as {
    static constexpr bool is_method = true;
    using result = std::remove_cvref_t<typename awaited_from<std::remove_cvref_t<R>>::type>;
    using arguments = std::tuple<std::decay_t<Ps>...>;
    static constexpr bool changes_argument =
        ((std::is_lvalue_reference_v<Ps> && !std::is_const_v<std::remove_reference_t<Ps>>) || ...);
};

template <class Method>
struct method_signature {
    static constexpr bool is_method = false;
};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...)> : called_as<R, Ps...> {};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...) const> : called_as<R, Ps...> {};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...)&> : called_as<R, Ps...> {};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...) const&> : called_as<R, Ps...> {};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...) noexcept> : called_as<R, Ps...> {};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...) const noexcept> : called_as<R, Ps...> {};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...) & noexcept> : called_as<R, Ps...> {};
template <class R, class C, class... Ps>
struct method_signature<R (C::*)(Ps...) const & noexcept> : called_as<R, Ps...> {};

// The two messages of a method. Its signature tells overloads apart.
template <auto Method, class Signature>
struct method_request {
    using reply = typename method_signature<Signature>::result;
    typename method_signature<Signature>::arguments arguments;
};
template <auto Method, class Signature>
struct method_message {
    typename method_signature<Signature>::arguments arguments;
};

// "phone_book::find", for reports.
template <auto Method>
consteval std::string_view method_name() {
    const std::string_view whole = __PRETTY_FUNCTION__;
    const std::size_t begin = whole.find_first_not_of("(& ", whole.find("Method = ") + 9);
    return whole.substr(begin, whole.find_first_of(")];", begin) - begin);
}

// And for whoever looks in from outside.
template <auto Method, class Signature>
inline constexpr std::string_view message_title<method_request<Method, Signature>> = method_name<Method>();
template <auto Method, class Signature>
inline constexpr std::string_view message_title<method_message<Method, Signature>> = method_name<Method>();

// What a compiler writes before the last part of a name is left off: "shop::book<shop::page>" is "book<shop::page>".
constexpr std::string_view unqualified(std::string_view name) {
    const std::string_view head = name.substr(0, name.find('<'));
    const std::size_t colons = head.rfind("::");
    return colons == std::string_view::npos ? name : name.substr(colons + 2);
}

// Calls the method with the message in hand, and answers if that is a request.
template <class Message, auto Method, class T>
task<> serve_method(receive_wait* taken, T* one) {
    auto handler = [one](Message& message) -> decltype(auto) {
        return std::apply([one](auto&... each) -> decltype(auto) { return (one->*Method)(std::move(each)...); },
                          message.arguments);
    };
    if (task<> rest = handle<Message>(*taken, handler); rest.promise() != nullptr) co_await std::move(rest);
}

template <class T>
class method {
public:
    using serve_call = task<> (*)(receive_wait*, T*);

    method(std::uint32_t type, std::string_view name, serve_call serve) noexcept
        : type_(type), name_(name), serve_(serve), next_(std::exchange(first, this)) {}
    ~method() {
        const method** place = &first;
        while (*place != this) place = &(*place)->next_;
        *place = next_;
    }
    method(const method&) = delete;
    method& operator=(const method&) = delete;

    task<> serve(receive_wait& taken, T& one) const { return serve_(&taken, &one); }

    static const method* find(std::uint32_t type) noexcept {
        const method* found = first;
        while (found != nullptr && found->type_ != type) found = found->next_;
        return found;
    }
    static std::string_view name_of(std::uint32_t type) noexcept {
        const method* const found = find(type);
        return found != nullptr ? found->name_ : std::string_view();
    }
    // Throws misuse if two methods have one number.
    static void check_numbers() {
        for (const method* one = first; one != nullptr; one = one->next_) {
            const method* const other = find(one->type_);
            if (other->name_ != one->name_) {
                throw misuse("the methods " + std::string(one->name_) + " and " + std::string(other->name_) +
                             " have the same number, by chance; give one of them another name");
            }
        }
    }

private:
    static inline constinit const method* first = nullptr;

    std::uint32_t type_;
    std::string_view name_;
    serve_call serve_;
    mutable const method* next_;
};

template <class T, auto Method>
struct [[gnu::visibility("hidden")]] known_method {
    using request = method_request<Method, decltype(Method)>;
    using message = method_message<Method, decltype(Method)>;
    static inline const method<T> asked{type_id<request>(), method_name<Method>(), &serve_method<request, Method, T>};
    static inline const method<T> posted{type_id<message>(), method_name<Method>(), &serve_method<message, Method, T>};

    // Makes it known before main begins.
    static void use() noexcept {
        static_cast<void>(&asked);
        static_cast<void>(&posted);
    }
};

template <class Signature, class T, class Arguments>
inline constexpr bool is_method_of = false;
template <class Signature, class T, class... Arguments>
inline constexpr bool is_method_of<Signature, T, std::tuple<Arguments...>> =
    std::is_invocable_v<Signature, T&, Arguments...>;

template <class Signature, class... Args>
consteval bool takes_arguments() {
    using signature = method_signature<Signature>;
    using arguments = typename signature::arguments;
    static_assert(!signature::changes_argument,
                  "troupe: a method that is called in another process gets copies, so that a parameter like int& would "
                  "change nothing for the caller; take it by value");
    constexpr bool enough = sizeof...(Args) == std::tuple_size_v<arguments>;
    static_assert(enough, "troupe: the method takes more or fewer arguments than it was given");
    if constexpr (enough && !signature::changes_argument) {
        constexpr bool convert = std::is_constructible_v<arguments, Args&&...>;
        static_assert(convert, "troupe: an argument does not convert to what the method takes");
        return convert;
    }
    return false;
}

// Whether a T can be called by this method with such arguments; fails with a sentence if not.
template <class T, auto Method, class... Args>
consteval bool can_call() {
    using signature = method_signature<decltype(Method)>;
    static_assert(signature::is_method,
                  "troupe: an object is called by one of its methods: call<&type::method>(arguments...)");
    if constexpr (signature::is_method) {
        if constexpr (takes_arguments<decltype(Method), Args...>()) {
            constexpr bool of_it = is_method_of<decltype(Method), T, typename signature::arguments>;
            static_assert(of_it, "troupe: this is no method of the object's class");
            check_travels<typename signature::arguments>();
            if constexpr (!std::is_void_v<typename signature::result>) {
                check_travels<typename signature::result>();
                return of_it && travels<typename signature::arguments> && travels<typename signature::result>;
            } else {
                return of_it && travels<typename signature::arguments>;
            }
        }
    }
    return false;
}

// A call of a method that this process does not know.
void refuse_method(receive_wait& taken);

}  // namespace troupe::detail
