// Whether a value can hold a handle with one owner (a buffer, a connection), which no second receiver could have.
#pragma once

#include <type_traits>

#include <troupe/detail/travels.hpp>

namespace troupe::detail {

template <class T, class... Outer>
consteval bool has_one_owner();

template <class... Outer, class... Parts>
consteval bool any_has_one_owner(types<Parts...>) {
    return (has_one_owner<Parts, Outer...>() || ...);
}

template <class T, class... Outer>
consteval bool has_one_owner() {
    if constexpr ((std::is_same_v<T, Outer> || ...)) {
        return false;  // a type that holds itself: looked at already
    } else if constexpr (categorise<T>() == category::handle) {
        return requires { &handle_traits<T>::give_back; };
    } else {
        return any_has_one_owner<T, Outer...>(parts_of<T>());
    }
}

}  // namespace troupe::detail
