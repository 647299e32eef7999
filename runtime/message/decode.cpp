// The reading walker: follows the shapes as the packing one does, and fills each field from the item that stands where
// it belongs. It builds no tree and allocates nothing itself.
//
// The bytes are another process's. Whatever they are:
//   1. A list or a map of more parts than bytes are left is refused before anything is made for it: a part takes at
//      least one.
//   2. The room set aside on the strength of such counts is at most as large as the message, over all containers
//      together.
//   3. Nesting is bounded, and so is the stack.
#include <troupe/detail/codec.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "message/items.hpp"

namespace troupe::detail {
namespace {

const char* name_of(form what) {
    switch (what) {
    case form::nil: return "a nil";
    case form::boolean: return "a boolean";
    case form::positive:
    case form::negative: return "an integer";
    case form::f32: return "a float";
    case form::f64: return "a double";
    case form::text: return "a string";
    case form::bytes: return "bytes";
    case form::list: return "a list";
    case form::map: return "a map";
    default: return "an extension type";
    }
}

template <class T>
void store(void* into, T value) {
    std::memcpy(into, &value, sizeof value);
}

class reader {
public:
    reader(std::string_view name, const incoming& in)
        : name_(name), in_(in), items_(in.bytes), room_left_(in.bytes.size()) {}

    void read_all(const shape& what, void* into) {
        read(what, into);
        if (items_.left() != 0) refuse("bytes behind its end");
    }

private:
    // A value under way that has parts.
    struct level {
        kind what;
        std::uint32_t part;  // the one that is being read; from 1
    };
    using element = std::unique_ptr<void, void (*)(void*)>;

    void read(const shape& what, void* into) {
        const item found = items_.next();
        switch (what.what) {
        case kind::boolean: return store(into, expect(form::boolean, found) != 0);
        case kind::i8: return store_integer<std::int8_t>(found, into);
        case kind::i16: return store_integer<std::int16_t>(found, into);
        case kind::i32: return store_integer<std::int32_t>(found, into);
        case kind::i64: return store_integer<std::int64_t>(found, into);
        case kind::u8: return store_integer<std::uint8_t>(found, into);
        case kind::u16: return store_integer<std::uint16_t>(found, into);
        case kind::u32: return store_integer<std::uint32_t>(found, into);
        case kind::u64: return store_integer<std::uint64_t>(found, into);
        case kind::f32: return store(into, static_cast<std::uint32_t>(expect(form::f32, found)));
        case kind::f64: return store(into, expect(form::f64, found));
        case kind::text: return read_text(found, into);
        case kind::block: return read_block(what, found, into);
        case kind::bulk: return read_bulk(static_cast<const bulk_shape&>(what), found, into);
        case kind::handle: return adopt(static_cast<const handle_shape&>(what), found, into);
        case kind::packed: return static_cast<const packed_shape&>(what).unpack(content(form::bytes, found), into);
        default: return read_nested(what, found, into);
        }
    }

    void read_nested(const shape& what, const item& found, void* into) {
        const bool entries = what.what == kind::map;
        const std::uint64_t count = expect(entries ? form::map : form::list, found);
        if ((entries ? count * 2 : count) > items_.left()) refuse("a count of more items than there are bytes");
        if (depth_ == deepest_nesting) refuse("values that nest more than 64 deep");
        levels_[depth_++] = {what.what, 0};
        read_parts(what, static_cast<std::uint32_t>(count), into);
        --depth_;
    }

    void read_parts(const shape& what, std::uint32_t count, void* into) {
        switch (what.what) {
        case kind::record: return read_record(static_cast<const record_shape&>(what), count, into);
        case kind::row: return read_row(static_cast<const row_shape&>(what), count, into);
        case kind::sequence: return read_sequence(static_cast<const sequence_shape&>(what), count, into);
        case kind::staged: return read_staged(static_cast<const staged_shape&>(what), count, into);
        case kind::map: return read_map(static_cast<const map_shape&>(what), count, into);
        case kind::optional: return read_optional(static_cast<const optional_shape&>(what), count, into);
        default: return read_variant(static_cast<const variant_shape&>(what), count, into);
        }
    }

    void read_part(const shape& what, void* into) {
        ++levels_[depth_ - 1].part;
        read(what, into);
    }

    std::uint64_t expect(form what, const item& found) {
        if (found.what != what) [[unlikely]]
            refuse(found);
        return found.value;
    }

    // The bytes of a text or of a block of bytes.
    std::span<const std::byte> content(form what, const item& found) {
        const std::uint64_t size = expect(what, found);
        if (size > items_.left()) refuse("an end before the value is complete");
        return items_.take(size);
    }

    template <class Field>
    void store_integer(const item& found, void* into) {
        if (found.what == form::positive) return store_as<Field>(found.value, into);
        store_as<Field>(static_cast<std::int64_t>(expect(form::negative, found)), into);
    }

    template <class Field, class Integer>
    void store_as(Integer value, void* into) {
        if (!std::in_range<Field>(value)) refuse("an integer that its field cannot hold");
        store(into, static_cast<Field>(value));
    }

    void read_text(const item& found, void* into) {
        const auto text = content(form::text, found);
        auto& string = *static_cast<std::string*>(into);
        if (text.size() >= large_memory && string.capacity() < text.size()) {
            string.clear();
            string.reserve(text.size());
            about_to_fill(string.data(), text.size());
        }
        string.assign(reinterpret_cast<const char*>(text.data()), text.size());
    }

    void read_block(const shape& what, const item& found, void* into) {
        const auto block = content(form::bytes, found);
        if (block.size() != what.size) refuse("a block of bytes of another size than its field");
        std::memcpy(into, block.data(), block.size());
    }

    void read_bulk(const bulk_shape& what, const item& found, void* into) {
        const auto bytes = content(form::bytes, found);
        if (bytes.size() % what.element_size != 0) refuse("a list that ends inside an element");
        what.assign(into, bytes.data(), bytes.size() / what.element_size);
    }

    // Handles are numbered in the order in which they are written, which is that in which they are read.
    void adopt(const handle_shape& what, const item& found, void* into) {
        const std::uint64_t place = expect(form::positive, found);
        if (place >= in_.handles.size()) refuse("a handle that the message does not carry");
        if (place != adopted_) refuse("a handle that was used before in this message, or before its turn");
        what.adopt(into, in_.handles[adopted_++]);
    }

    void read_record(const record_shape& what, std::uint32_t count, void* into) {
        if (count != what.count) refuse("a struct with another number of fields");
        void* address[most_fields];
        what.locate(into, address);
        for (std::uint32_t i = 0; i < count; ++i) read_part(*what.fields[i], address[i]);
    }

    void read_row(const row_shape& what, std::uint32_t count, void* into) {
        if (count != what.count) refuse("an array of another length");
        auto* element = static_cast<std::byte*>(into);
        for (std::uint32_t i = 0; i < count; ++i, element += what.stride) read_part(*what.element, element);
    }

    void read_sequence(const sequence_shape& what, std::uint32_t count, void* into) {
        const std::size_t affordable = std::min<std::size_t>(count, room_left_ / what.element_size);
        room_left_ -= affordable * what.element_size;
        what.clear(into, affordable);
        for (std::uint32_t i = 0; i < count; ++i) read_part(*what.element, what.append(into));
    }

    void read_staged(const staged_shape& what, std::uint32_t count, void* into) {
        if (what.single && count != 1) refuse("a value of one part with another number of them");
        what.clear(into);
        if (count == 0) return;
        const element made(what.make(), what.discard);
        for (std::uint32_t i = 0; i < count; ++i) {
            read_part(*what.element, made.get());
            what.commit(into, made.get());
        }
    }

    void read_map(const map_shape& what, std::uint32_t count, void* into) {
        what.clear(into);
        if (count == 0) return;
        const element made(what.make(), what.discard);
        for (std::uint32_t i = 0; i < count; ++i) {
            read_part(*what.key, what.key_of(made.get()));
            read(*what.value, what.value_of(made.get()));
            what.commit(into, made.get());
        }
    }

    void read_optional(const optional_shape& what, std::uint32_t count, void* into) {
        if (count > 1) refuse("an optional of more than one value");
        what.reset(into);
        if (count == 1) read_part(*what.element, what.emplace(into));
    }

    void read_variant(const variant_shape& what, std::uint32_t count, void* into) {
        if (count != 2) refuse("a variant that is not an index and a value");
        const std::uint64_t index = expect(form::positive, items_.next());
        if (index >= what.count) refuse("a variant's index that names no alternative");
        const auto alternative = static_cast<std::uint32_t>(index);
        read_part(*what.alternatives[alternative], what.emplace(into, alternative));
    }

    [[noreturn]] void refuse(const item& found) {
        if (found.what == form::cut) refuse("an end before the value is complete");
        if (found.what == form::unknown) refuse("a byte that is not msgpack");
        refuse(std::string(name_of(found.what)) + " where something else belongs");
    }

    [[noreturn]] void refuse(const std::string& why) {
        std::string text = std::string("corrupt: a message of type ").append(name_) + " has " + why;
        const char* before = ", in ";
        for (std::size_t i = 0; i < depth_ && levels_[i].part != 0; ++i, before = ", ") {
            const kind what = levels_[i].what;
            text += before;
            text += what == kind::record ? "field " : what == kind::map ? "entry " : "element ";
            text += std::to_string(levels_[i].part);
        }
        throw corrupt(text);
    }

    std::string_view name_;  // of the type
    const incoming& in_;
    items items_;
    std::size_t adopted_ = 0;  // handles
    std::size_t room_left_;    // see 2
    std::array<level, deepest_nesting> levels_;
    std::size_t depth_ = 0;  // levels in use
};

}  // namespace

void decode_shape(const shape& what, std::string_view name, const incoming& in, void* into) {
    reader(name, in).read_all(what, into);
}

void throw_wrong_format(std::string_view name) {
    throw corrupt(
        std::string("corrupt: a message of type ").append(name).append(" came in the format of another type"));
}

void throw_wrong_size(std::string_view name, std::size_t expected, std::size_t found) {
    throw corrupt(std::string("corrupt: a message of type ").append(name) + " has " + std::to_string(found) +
                  " bytes, not the " + std::to_string(expected) + " that the type has");
}

}  // namespace troupe::detail
