// A shape describes a type to the compiled walkers of the codec: what sort it is, and for each sort the few functions
// that only the type itself can provide. Shapes are constants; a walker never needs the type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <troupe/detail/outgoing.hpp>

namespace troupe::detail {

enum class kind : std::uint8_t {
    boolean,
    i8,
    i16,
    i32,
    i64,
    u8,
    u16,
    u32,
    u64,
    f32,
    f64,
    text,      // std::string                             str
    block,     // a flat type: its bytes                  bin
    bulk,      // elements side by side, all flat         bin
    record,    // aggregate, tuple, pair                  array of its fields
    row,       // array of a fixed length                 array
    sequence,  // elements are added at the end           array
    staged,    // an element is made first, then moved in array: set, vector<bool>; an array of one: value_traits
    map,       //                                         map
    optional,  //                                         array of none or one
    variant,   //                                         array of index and value
    handle,    //                                         its place in the message's list of handles
    packed,    // packs itself                            bin
};

struct shape {
    kind what;
    std::size_t size;  // sizeof the type
};

// Called by a shape with the parts of a value, one after the other.
using visit_part = void (*)(void* walker, const void* part);
using visit_entry = void (*)(void* walker, const void* key, const void* value);

struct record_shape : shape {
    std::uint32_t count;
    const shape* const* fields;
    void (*locate)(void* record, void** addresses);  // fills in `count` addresses
};

struct row_shape : shape {
    std::uint32_t count;
    std::size_t stride;  // bytes from an element to the next
    const shape* element;
};

struct bulk_shape : shape {
    std::size_t element_size;
    std::span<const std::byte> (*view)(const void* bulk);
    void (*assign)(void* bulk, const std::byte* bytes, std::size_t count);  // count elements
};

struct sequence_shape : shape {
    const shape* element;
    std::size_t element_size;
    std::size_t (*count)(const void* sequence);
    void (*each)(const void* sequence, void* walker, visit_part visit);
    void (*clear)(void* sequence, std::size_t reserve);
    void* (*append)(void* sequence);
};

// `make` gives an element on the heap; `commit` moves it in and leaves it as good as new; `discard` frees it.
struct staged_shape : shape {
    const shape* element;
    bool single;  // holds exactly one element: a value_traits type
    std::size_t (*count)(const void* holder);
    void (*each)(const void* holder, void* walker, visit_part visit);
    void (*clear)(void* holder);
    void* (*make)();
    void (*commit)(void* holder, void* element);
    void (*discard)(void* element);
};

// The same with a key and a value: `make` gives both, `key` and `value` say where they are.
struct map_shape : shape {
    const shape* key;
    const shape* value;
    std::size_t (*count)(const void* map);
    void (*each)(const void* map, void* walker, visit_entry visit);
    void (*clear)(void* map);
    void* (*make)();
    void* (*key_of)(void* entry);
    void* (*value_of)(void* entry);
    void (*commit)(void* map, void* entry);
    void (*discard)(void* entry);
};

struct optional_shape : shape {
    const shape* element;
    const void* (*get)(const void* optional);  // nullptr when empty
    void (*reset)(void* optional);
    void* (*emplace)(void* optional);
};

struct variant_shape : shape {
    std::uint32_t count;
    const shape* const* alternatives;
    std::uint32_t (*index)(const void* variant);  // `count` when it lost its value
    const void* (*get)(const void* variant);
    void* (*emplace)(void* variant, std::uint32_t index);
};

struct handle_shape : shape {
    handle_ref (*refer)(const void* handle);
    void (*adopt)(void* handle, handle_ref reference);
};

struct packed_shape : shape {
    void (*pack)(const void* value, byte_buffer& into);
    void (*unpack)(std::span<const std::byte> bytes, void* into);
};

}  // namespace troupe::detail
