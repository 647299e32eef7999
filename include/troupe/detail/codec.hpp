// A C++ value becomes the bytes of a message, and back. The templates here are thin: the walking is compiled in
// runtime/message. Decoding trusts nothing: whatever the bytes are, it gives a value or throws `corrupt`.
//
// Flat types (`is_flat`) are their own bytes. All others are msgpack, see `kind` in shape.hpp for the mapping. Both
// ends are the same executable on the same machine: nothing here is a format to keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <troupe/detail/outgoing.hpp>
#include <troupe/detail/shape_of.hpp>
#include <troupe/detail/travels.hpp>
#include <troupe/detail/type_id.hpp>

namespace troupe::detail {

// The compiled walkers. `name` is the type's, for the text of an exception.
void encode_shape(const shape& what, const void* value, outgoing& out);
void decode_shape(const shape& what, std::string_view name, const incoming& in, void* into);
[[noreturn]] void throw_wrong_format(std::string_view name);
[[noreturn]] void throw_wrong_size(std::string_view name, std::size_t expected, std::size_t found);

// Appends `value` to `out` and says in out.flat how. Throws too_large past `largest_message` or `deepest_nesting`,
// misuse for a variant without a value, and what a handle's or a value's traits throw; `out` is then as it was.
template <class T>
void encode(const T& value, outgoing& out) {
    check_travels<T>();
    if constexpr (travels<T>) {
        if constexpr (is_flat<T>)
            out.bytes.append(address_of(value), sizeof value);
        else
            encode_shape(shape_of<T>(), address_of(value), out);
        out.flat = is_flat<T>;
    }
}

// Fills `into` from a message. Throws corrupt, and what a handle's or a value's traits throw; `into` then has its
// members filled in part. Of the keys of a map or the elements of a set that come twice the first is kept.
template <class T>
void decode(const incoming& in, T& into) {
    check_travels<T>();
    if constexpr (travels<T>) {
        if (in.flat != is_flat<T>) throw_wrong_format(type_name<T>());
        if constexpr (is_flat<T>) {
            if (in.bytes.size() != sizeof into) throw_wrong_size(type_name<T>(), sizeof into, in.bytes.size());
            std::memcpy(static_cast<void*>(address_of(into)), in.bytes.data(), sizeof into);
        } else {
            decode_shape(shape_of<T>(), type_name<T>(), in, address_of(into));
        }
    }
}

}  // namespace troupe::detail
