// What a message type is made of, as a text that somebody outside of the program can read a message by.
//
//   b1  i4  u8  f8  c1     a boolean, an integer with a sign and one without, a float, a character; with its bytes
//   x16                    a number of another sort: so many bytes
//   s                      a string
//   {number=u8,weight=f8}  a struct, with the names of its fields where they are known; a tuple
//   {~i4,f8}               a tuple whose bytes, where it travels as these, stand in the opposite order
//   [e]  [3*e]  (k:v)      a list, an array, a map
//   ?e  <a|b>              an optional, a variant
//   =e                     a list of one: a value that travels as a simpler one
//   @actor  @queue         a reference to an actor, in eight bytes; the place of a handle among those of the message
//   p                      what packs itself
//   ^1                     the struct that this one is in, and ^0 the struct itself
//   *                      something of which the text had no room
//
// What travels as its bytes, and what as msgpack, the message shows by itself.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/category.hpp>
#include <troupe/detail/field_names.hpp>
#include <troupe/detail/flat.hpp>
#include <troupe/detail/shape_of.hpp>
#include <troupe/detail/travels.hpp>
#include <troupe/detail/type_id.hpp>

namespace troupe::detail {

// The text as it is written, from left to right.
class type_text {
public:
    static constexpr std::size_t longest = 4096;

    void number(char sort, std::size_t bytes);
    void handle(std::string_view type);
    void sign(char one);
    void open_row(std::size_t count);

    // A struct. False if it is one that this stands in, which is then written as such, or if there is no more room:
    // then it is not closed.
    bool open(const void* mark, std::string_view names, bool backwards = false);
    void part();  // before each
    void close();

    // One level deeper, for what is no struct. False as above.
    bool open(char bracket);
    void close(char bracket);

    std::string take() noexcept { return std::move(text_); }

private:
    static constexpr std::size_t deepest = 32;
    struct level {
        const void* mark;
        std::string_view names;  // of the fields that follow
        bool first;
    };

    bool has_room();

    std::string text_;
    level levels_[deepest] = {};
    std::size_t depth_ = 0;
};

template <class T>
inline constexpr char type_mark = 0;

template <class T>
concept names_an_actor = requires(const T& one) {
    { one.id() } -> std::same_as<actor_id>;
};

// Whether the library puts the first part of a tuple at the end.
template <class T>
bool stands_backwards() {
    if constexpr (is_flat<T> && std::tuple_size_v<T> > 1) {
        const T one{};
        return static_cast<const void*>(address_of(std::get<0>(one))) != static_cast<const void*>(address_of(one));
    } else {
        return false;
    }
}

template <class T>
void write_type(type_text& to);

template <class... Parts>
void write_parts(type_text& to, types<Parts...>) {
    ((to.part(), write_type<Parts>(to)), ...);
}

template <class... Ts>
void write_alternatives(type_text& to, types<Ts...>) {
    bool first = true;
    (((first ? void() : to.sign('|')), first = false, write_type<Ts>(to)), ...);
}

template <class T>
void write_number(type_text& to) {
    if constexpr (std::is_enum_v<T>) {
        write_number<std::underlying_type_t<T>>(to);
    } else if constexpr (std::is_same_v<T, char> || std::is_same_v<T, char8_t>) {
        to.number('c', 1);
    } else {
        // What a trait of the library says is not asked: it does not know the compiler's own in every mode.
        constexpr bool without_sign = static_cast<T>(-1) > static_cast<T>(0);
        to.number(without_sign ? 'u' : 'i', sizeof(T));
    }
}

template <class T>
void write_nested(type_text& to) {
    constexpr category sort = categorise<T>();
    if constexpr (sort == category::record) {
        if (!to.open(&type_mark<T>, field_names<T>())) return;
        write_parts(to, fields_of<T>{});
        to.close();
    } else if constexpr (sort == category::tuple) {
        if (!to.open(&type_mark<T>, {}, stands_backwards<T>())) return;
        write_parts(to, parts_of<T>());
        to.close();
    } else if constexpr (sort == category::variant) {
        if (!to.open('<')) return;
        write_alternatives(to, parts_of<T>());
        to.close('>');
    } else if constexpr (sort == category::map) {
        if (!to.open('(')) return;
        write_type<typename T::key_type>(to);
        to.sign(':');
        write_type<typename T::mapped_type>(to);
        to.close(')');
    } else if constexpr (sort == category::row) {
        if (!to.open('[')) return;
        to.open_row(row_of<T>::count);
        write_type<typename row_of<T>::element>(to);
        to.close(']');
    } else if constexpr (sort == category::value) {
        if (!to.open('=')) return;
        write_type<typename value_traits<T>::representation>(to);
        to.close('\0');
    } else {
        if (!to.open(sort == category::optional ? '?' : '[')) return;
        write_type<typename T::value_type>(to);
        to.close(sort == category::optional ? '\0' : ']');
    }
}

// For a type that travels.
template <class T>
void write_type(type_text& to) {
    constexpr category sort = categorise<T>();
    if constexpr (sort == category::boolean) {
        to.number('b', sizeof(T));
    } else if constexpr (sort == category::integer) {
        write_number<T>(to);
    } else if constexpr (sort == category::real) {
        to.number('f', sizeof(T));
    } else if constexpr (sort == category::extended) {
        to.number('x', shape_of<T>().size);
    } else if constexpr (sort == category::text) {
        to.sign('s');
    } else if constexpr (sort == category::packed) {
        to.sign('p');
    } else if constexpr (sort == category::handle) {
        to.handle(type_name<T>());
    } else if constexpr (sort == category::value) {
        if constexpr (!value_is_its_representation<T>())
            write_nested<T>(to);
        else if constexpr (names_an_actor<T>)
            to.handle("actor");
        else
            write_type<typename value_traits<T>::representation>(to);
    } else {
        write_nested<T>(to);
    }
}

}  // namespace troupe::detail
