// Which types can lie in memory that several processes use at the same time: numbers, and what is made of numbers.
#pragma once

#include <type_traits>

#include <troupe/detail/flat.hpp>

namespace troupe::detail {

template <class T>
consteval bool is_shareable();

template <class T, class... Parts>
consteval bool shareable_parts(types<Parts...>) {
    return copies_as_bytes<T> && (is_shareable<Parts>() && ...);
}

// Padding does no harm here, and neither does a bool: nothing of it is decoded.
template <class T>
consteval bool is_shareable() {
    constexpr category sort = categorise<T>();
    if constexpr (sort == category::boolean || sort == category::integer || sort == category::real ||
                  sort == category::extended)
        return true;
    else if constexpr (sort == category::value)
        return copies_as_bytes<T> && is_shareable<typename value_traits<T>::representation>();
    else if constexpr (sort == category::row)
        return row_of<T>::count > 0 && is_shareable<typename row_of<T>::element>();
    else if constexpr (sort == category::tuple)
        return shareable_parts<T>(typename tuple_parts<T>::type{});
    else if constexpr (sort == category::record)
        return shareable_parts<T>(fields_of<T>{});
    else
        return false;
}

template <class T>
consteval void check_shareable() {
    static_assert(!std::is_const_v<T> && !std::is_volatile_v<T> && !std::is_reference_v<T>,
                  "troupe: what processes share is a plain type; leave out const, volatile and the reference");
    static_assert(is_shareable<T>(),
                  "troupe: what processes share consists of numbers alone: a pointer, a string, a container, an atomic "
                  "or a handle in it would mean nothing in another process; use plain structs and arrays of numbers, "
                  "and std::atomic_ref on them");
    static_assert(alignof(T) <= 64, "troupe: what processes share is aligned to 64 bytes at most");
}

}  // namespace troupe::detail
