#include "troupe/contents.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/detail/outgoing.hpp>

#include "inspect/type_shape.hpp"
#include "message/items.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using detail::form;
using detail::item;
using inspect::shape_kind;
using inspect::shape_node;
using json = nlohmann::ordered_json;
using bytes_of_it = std::span<const std::byte>;

constexpr std::size_t most_values = 4096, most_text = 65'536, longest_text = 4096, longest_hex = 256;
constexpr std::size_t deepest = 2 * detail::deepest_nesting;

// Why a message cannot be shown.
struct undecodable {
    std::string why;
};

std::string hex(bytes_of_it bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte one : bytes.first(std::min(bytes.size(), longest_hex))) {
        text += digits[std::to_integer<unsigned>(one) >> 4];
        text += digits[std::to_integer<unsigned>(one) & 15];
    }
    if (bytes.size() > longest_hex) text += "...";
    return text;
}

json number(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    return value;
}
// With the digits that tell it from other floats, and not with those of a double.
json number(float value) {
    if (!std::isfinite(value)) return number(static_cast<double>(value));
    std::array<char, 32> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    double read = value;
    std::from_chars(digits.data(), written.ptr, read);
    return read;
}

template <class Number>
Number load(bytes_of_it bytes) {
    Number value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

json signed_integer(bytes_of_it bytes) {
    switch (bytes.size()) {
    case 1: return load<std::int8_t>(bytes);
    case 2: return load<std::int16_t>(bytes);
    case 4: return load<std::int32_t>(bytes);
    case 8: return load<std::int64_t>(bytes);
    default: return hex(bytes);
    }
}
json unsigned_integer(bytes_of_it bytes) {
    switch (bytes.size()) {
    case 1: return load<std::uint8_t>(bytes);
    case 2: return load<std::uint16_t>(bytes);
    case 4: return load<std::uint32_t>(bytes);
    case 8: return load<std::uint64_t>(bytes);
    default: return hex(bytes);
    }
}
json real(bytes_of_it bytes) {
    switch (bytes.size()) {
    case 4: return number(load<float>(bytes));
    case 8: return number(load<double>(bytes));
    default: return hex(bytes);
    }
}
json character(std::int64_t code) {
    if (code >= ' ' && code < 0x7f) return std::string(1, static_cast<char>(code));
    return code;
}

class value_reader {
public:
    explicit value_reader(const inspect::type_shape& shape, bytes_of_it bytes)
        : shape_(shape), items_(bytes), bytes_(bytes) {}

    json read_flat() {
        const shape_node& root = shape_.root();
        if (root.kind == shape_kind::unknown) throw undecodable{"the program has not said what its type is made of"};
        if (!root.flat) throw undecodable{"its type never travels as its own bytes"};
        if (*root.flat != bytes_.size()) {
            throw undecodable{"it has " + std::to_string(bytes_.size()) + " bytes, and its type has " +
                              std::to_string(*root.flat)};
        }
        return flat(root, bytes_);
    }
    json read_items() {
        json value = next(shape_.root());
        if (items_.left() != 0) throw undecodable{"there are bytes behind its end"};
        return value;
    }

private:
    // One more value is shown, if there is room for it.
    bool has_room() {
        if (values_left_ == 0) return false;
        --values_left_;
        return true;
    }
    static void say_more(json& list, std::uint64_t left_out) {
        if (left_out > 0) list.push_back("... " + std::to_string(left_out) + " more");
    }

    json text(bytes_of_it characters) {
        const std::size_t shown = std::min({characters.size(), longest_text, text_left_});
        text_left_ -= shown;
        std::string made = printable({reinterpret_cast<const char*>(characters.data()), shown});
        if (shown < characters.size()) made += "... " + std::to_string(characters.size() - shown) + " more";
        return made;
    }

    // --- What travels as its bytes. There are as many as the shape says.

    json flat(const shape_node& what, bytes_of_it bytes) {
        switch (what.kind) {
        case shape_kind::signed_integer: return signed_integer(bytes);
        case shape_kind::unsigned_integer: return unsigned_integer(bytes);
        case shape_kind::real: return real(bytes);
        case shape_kind::character: return character(load<std::int8_t>(bytes));
        case shape_kind::actor: return {{"actor", load<std::uint64_t>(bytes)}};
        case shape_kind::record: return flat_record(what, bytes);
        case shape_kind::array: return flat_elements(shape_.part(what, 0), bytes);
        default: return hex(bytes);
        }
    }

    json flat_record(const shape_node& what, bytes_of_it bytes) {
        json made = empty(what);
        for (std::size_t i = 0; i < what.parts.size(); ++i) {
            const shape_node& part = shape_.part(what, i);
            const std::size_t size = *part.flat;
            const bytes_of_it its = what.backwards ? bytes.last(size) : bytes.first(size);
            bytes = what.backwards ? bytes.first(bytes.size() - size) : bytes.subspan(size);
            add(made, what, i, flat(part, its));
        }
        return made;
    }

    json flat_elements(const shape_node& element, bytes_of_it bytes) {
        if (element.kind == shape_kind::character) return text(bytes.first(length_of_text(bytes)));
        if (!element.flat || bytes.size() % *element.flat != 0)
            throw undecodable{"a list in it ends inside an element"};
        const std::size_t size = *element.flat;
        json made = json::array();
        while (!bytes.empty() && has_room()) {
            made.push_back(flat(element, bytes.first(size)));
            bytes = bytes.subspan(size);
        }
        say_more(made, bytes.size() / size);
        return made;
    }

    // Without the zeros at the end of an array.
    static std::size_t length_of_text(bytes_of_it bytes) {
        std::size_t length = bytes.size();
        while (length > 0 && bytes[length - 1] == std::byte{}) --length;
        return length;
    }

    // --- Msgpack

    json next(const shape_node& what) {
        if (++depth_ > deepest) throw undecodable{"its values nest too deep"};
        json made = read(what, items_.next());
        --depth_;
        return made;
    }

    json read(const shape_node& what, const item& found) {
        switch (what.kind) {
        case shape_kind::boolean: return expect(form::boolean, found) != 0;
        case shape_kind::signed_integer:
        case shape_kind::unsigned_integer: return what.count > 8 ? json(hex(block(what, found))) : integer(found);
        case shape_kind::character: return character(integer(found).get<std::int64_t>());
        case shape_kind::real: return real_item(what, found);
        case shape_kind::opaque: return hex(content(form::bytes, found));
        case shape_kind::text: return text(content(form::text, found));
        case shape_kind::actor: return {{"actor", expect(form::positive, found)}};
        case shape_kind::handle:
            return {{"handle", printable(what.names[0])}, {"place", expect(form::positive, found)}};
        case shape_kind::packed: return packed(content(form::bytes, found));
        case shape_kind::record:
            return found.what == form::bytes ? flat(what, block(what, found)) : record(what, found);
        case shape_kind::array:
            return found.what == form::bytes ? flat(what, block(what, found)) : list(shape_.part(what, 0), found);
        case shape_kind::list: {
            const shape_node& element = shape_.part(what, 0);
            if (found.what != form::bytes) return list(element, found);
            return flat_elements(element, content(form::bytes, found));
        }
        case shape_kind::map: return map(shape_.part(what, 0), shape_.part(what, 1), found);
        case shape_kind::optional: return optional(what, found);
        case shape_kind::single: return single(what, found);
        case shape_kind::variant: return variant(what, found);
        case shape_kind::unknown: return whatever(found);
        }
        throw undecodable{"its type is of a sort that this troupe does not know"};
    }

    json whatever(const item& found) {
        static const shape_node unknown;
        switch (found.what) {
        case form::nil: return nullptr;
        case form::boolean: return found.value != 0;
        case form::positive:
        case form::negative: return integer(found);
        case form::f32: return number(std::bit_cast<float>(static_cast<std::uint32_t>(found.value)));
        case form::f64: return number(std::bit_cast<double>(found.value));
        case form::text: return text(content(form::text, found));
        case form::bytes: return {{"bytes", hex(content(form::bytes, found))}};
        case form::list: return list(unknown, found);
        case form::map: return map(unknown, unknown, found);
        default: refuse(found);
        }
    }

    // Msgpack in bytes of its own.
    json packed(bytes_of_it bytes) {
        const detail::items outer = std::exchange(items_, detail::items(bytes));
        json made = next(shape_node{});
        if (items_.left() != 0) throw undecodable{"there are bytes behind the end of a value in it"};
        items_ = outer;
        return made;
    }

    json record(const shape_node& what, const item& found) {
        if (parts_in(found) != what.parts.size()) throw undecodable{"a struct in it has another number of fields"};
        json made = empty(what);
        for (std::size_t i = 0; i < what.parts.size(); ++i) add(made, what, i, next(shape_.part(what, i)));
        return made;
    }

    json list(const shape_node& element, const item& found) {
        const std::uint64_t count = parts_in(found);
        json made = json::array();
        std::uint64_t left_out = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            const bool shown = has_room();
            json one = next(element);
            if (shown) made.push_back(std::move(one));
            left_out += shown ? 0 : 1;
        }
        say_more(made, left_out);
        return made;
    }

    json map(const shape_node& key, const shape_node& value, const item& found) {
        const std::uint64_t count = expect(form::map, found);
        if (count > items_.left() / 2) throw undecodable{"a map in it has more entries than there are bytes"};
        const bool named = key.kind == shape_kind::text;
        json made = named ? json::object() : json::array();
        std::uint64_t left_out = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            const bool shown = has_room();
            json one = next(key), its = next(value);
            left_out += shown ? 0 : 1;
            if (!shown) continue;
            if (named) {
                made[one.get<std::string>()] = std::move(its);
            } else {
                made.push_back({{"key", std::move(one)}, {"value", std::move(its)}});
            }
        }
        if (!named) say_more(made, left_out);
        if (named && left_out > 0) made["..."] = std::to_string(left_out) + " more";
        return made;
    }

    json optional(const shape_node& what, const item& found) {
        const std::uint64_t count = parts_in(found);
        if (count > 1) throw undecodable{"an optional in it has more than one value"};
        return count == 0 ? json() : next(shape_.part(what, 0));
    }

    json single(const shape_node& what, const item& found) {
        if (parts_in(found) != 1) throw undecodable{"a value in it has not one part"};
        return next(shape_.part(what, 0));
    }

    json variant(const shape_node& what, const item& found) {
        if (parts_in(found) != 2) throw undecodable{"a variant in it is not an index and a value"};
        const std::uint64_t index = expect(form::positive, items_.next());
        if (index >= what.parts.size()) throw undecodable{"a variant's index in it names no alternative"};
        return {{"alternative", index}, {"value", next(shape_.part(what, index))}};
    }

    json real_item(const shape_node& what, const item& found) {
        if (what.count == 4) return number(std::bit_cast<float>(static_cast<std::uint32_t>(expect(form::f32, found))));
        return number(std::bit_cast<double>(expect(form::f64, found)));
    }

    static json integer(const item& found) {
        if (found.what == form::negative) return static_cast<std::int64_t>(found.value);
        return expect(form::positive, found);
    }

    std::uint64_t parts_in(const item& found) {
        const std::uint64_t count = expect(form::list, found);
        if (count > items_.left()) throw undecodable{"a list in it has more parts than there are bytes"};
        return count;
    }

    bytes_of_it content(form what, const item& found) {
        const std::uint64_t size = expect(what, found);
        if (size > items_.left()) throw undecodable{"it ends before its value is complete"};
        return items_.take(size);
    }
    bytes_of_it block(const shape_node& what, const item& found) {
        const bytes_of_it bytes = content(form::bytes, found);
        if (what.flat != bytes.size()) throw undecodable{"a block of bytes in it has another size than its type"};
        return bytes;
    }

    static std::uint64_t expect(form what, const item& found) {
        if (found.what != what) refuse(found);
        return found.value;
    }
    [[noreturn]] static void refuse(const item& found) {
        if (found.what == form::cut) throw undecodable{"it ends before its value is complete"};
        throw undecodable{"something stands in it where something else belongs"};
    }

    // --- Structs

    static json empty(const shape_node& what) { return what.names.empty() ? json::array() : json::object(); }
    void add(json& to, const shape_node& what, std::size_t field, json value) {
        const bool shown = has_room();
        if (!what.names.empty()) {
            to[shown ? printable(what.names[field]) : "..."] = shown ? std::move(value) : json("more");
        } else if (shown || to.empty() || to.back() != "...") {
            to.push_back(shown ? std::move(value) : json("..."));
        }
    }

    const inspect::type_shape& shape_;
    detail::items items_;
    bytes_of_it bytes_;
    std::size_t depth_ = 0;
    std::size_t values_left_ = most_values;
    std::size_t text_left_ = most_text;
};

}  // namespace

nlohmann::ordered_json contents_of(const inspect::message_type& type, std::span<const std::byte> bytes, bool flat) {
    try {
        const inspect::type_shape shape(type.shape);
        value_reader reader(shape, bytes);
        return flat ? reader.read_flat() : reader.read_items();
    } catch (const undecodable& reason) {
        return {{"undecodable", reason.why}, {"bytes", hex(bytes)}};
    }
}

}  // namespace troupe::tool
