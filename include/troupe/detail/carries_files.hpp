// Whether a value of a type can hold a descriptor: such a value can be passed on once, and no more.
#pragma once

#include <type_traits>

#include <troupe/descriptor.hpp>
#include <troupe/detail/travels.hpp>

namespace troupe::detail {

template <class T, class... Outer>
consteval bool holds_a_file();

template <class... Outer, class... Parts>
consteval bool any_holds_a_file(types<Parts...>) {
    return (holds_a_file<Parts, Outer...>() || ...);
}

template <class T, class... Outer>
consteval bool holds_a_file() {
    if constexpr (std::is_same_v<T, descriptor>) {
        return true;
    } else if constexpr ((std::is_same_v<T, Outer> || ...)) {
        return false;  // a type that holds itself: looked at already
    } else if constexpr (categorise<T>() == category::none || categorise<T>() == category::handle) {
        return false;
    } else {
        return any_holds_a_file<T, Outer...>(parts_of<T>());
    }
}

template <class T>
inline constexpr bool carries_files = holds_a_file<T>();
template <>
inline constexpr bool carries_files<void> = false;

}  // namespace troupe::detail
