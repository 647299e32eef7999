// The names of a struct's members, as the compiler spells them: a member's address, as an argument of a template, is
// part of what the compiler calls that template.
//
// TROUPE_NO_FIELD_NAMES, defined for a whole program, leaves them out.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <troupe/detail/fields.hpp>

namespace troupe::detail {

// A T that nobody makes: only where its members would be is ever asked.
template <class T>
union specimen {
    char nothing;
    T object;
    constexpr specimen() noexcept : nothing() {}
    constexpr ~specimen() {}
};
template <class T>
inline constexpr specimen<T> a_specimen{};

template <std::size_t N>
struct member_addresses {
    const void* of[N];
};
struct list_addresses {
    constexpr auto operator()(auto&... member) const {
        return member_addresses<sizeof...(member)>{{address_of(member)...}};
    }
};
template <class T>
constexpr auto addresses_in_specimen() {
    return visit_members<field_count<T>()>(a_specimen<T>.object, list_addresses{});
}

constexpr bool is_in_a_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// "[Member = &a_specimen.object.number]" and "[with const void* Member = (& a_specimen<job>. ... job::number)]".
template <const void* Member>
consteval auto member_name() {
    const std::string_view whole = __PRETTY_FUNCTION__;
    std::size_t end = whole.size();
    while (end > 0 && !is_in_a_name(whole[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && is_in_a_name(whole[begin - 1])) --begin;
    return whole.substr(begin, end - begin);
}

template <std::size_t N>
struct name_list {
    char text[N];
};
template <class T, std::size_t... Index>
consteval auto join_names(std::index_sequence<Index...>) {
    constexpr auto places = addresses_in_specimen<T>();
    constexpr std::string_view names[] = {member_name<places.of[Index]>()...};
    name_list<(names[Index].size() + ... + sizeof...(Index))> joined{};
    char* next = joined.text;
    for (const std::string_view name : names) {
        for (const char c : name) *next++ = c;
        *next++ = ',';
    }
    return joined;
}

// clang 16 and 17 take no address of a member as an argument.
#if defined(TROUPE_NO_FIELD_NAMES) || (defined(__clang__) && __clang_major__ < 18)
inline constexpr bool names_are_wanted = false;
#else
inline constexpr bool names_are_wanted = true;
#endif

template <class T>
consteval bool fields_have_names() {
    if constexpr (!names_are_wanted)
        return false;
    else if constexpr (field_count<T>() == 0 || !has_addresses<T>)
        return false;
    else
        return requires { std::integral_constant<const void*, addresses_in_specimen<T>().of[0]>{}; };
}

template <class T>
struct [[gnu::visibility("hidden")]] names_of_fields {
    static constexpr auto joined = join_names<T>(std::make_index_sequence<field_count<T>()>{});
};

// "number,weight,", for a T that has_fields; empty where the names cannot be had.
template <class T>
constexpr std::string_view field_names() {
    if constexpr (fields_have_names<T>()) {
        return {names_of_fields<T>::joined.text, sizeof names_of_fields<T>::joined.text};
    } else {
        return {};
    }
}

}  // namespace troupe::detail
