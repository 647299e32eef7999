// The items of msgpack, one after the other, as they stand in the bytes: of each its form, and its number or how much
// of it follows. The bytes are another process's: an item of which they hold only the beginning is `cut`.
//
// msgpack-cxx writes what is read here. Its parsers are not used: they call for each item a visitor that has to find
// out again where it is, while a shape knows what comes next, and this takes a third of the time (docs/performance.md).
//
// Source of the format: https://github.com/msgpack/msgpack/blob/master/spec.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace troupe::detail {

enum class form : std::uint8_t {
    nil,
    boolean,
    positive,  // an integer of 0 and more
    negative,
    f32,
    f64,
    text,
    bytes,
    list,
    map,
    extension,
    unknown,  // a byte that begins no item
    cut,
};

struct item {
    form what;
    std::uint64_t value;  // an integer, the bits of a float, a boolean; or how many bytes, parts or entries follow
};

class items {
public:
    explicit items(std::span<const std::byte> bytes) noexcept : at_(bytes.data()), end_(at_ + bytes.size()) {}

    std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

    // The bytes of a text, or what else is no item. At most `left`.
    std::span<const std::byte> take(std::size_t count) noexcept {
        const std::byte* const first = at_;
        at_ += count;
        return {first, count};
    }

    item next() noexcept {
        if (at_ == end_) return {form::cut, 0};
        const auto first = std::to_integer<std::uint8_t>(*at_++);
        if (first <= 0x7f) return {form::positive, first};
        if (first <= 0x8f) return {form::map, first & 0x0fU};
        if (first <= 0x9f) return {form::list, first & 0x0fU};
        if (first <= 0xbf) return {form::text, first & 0x1fU};
        if (first >= 0xe0) return integer(static_cast<std::int8_t>(first));
        switch (first) {
        case 0xc0: return {form::nil, 0};
        case 0xc2: return {form::boolean, 0};
        case 0xc3: return {form::boolean, 1};
        case 0xc4: return with<std::uint8_t>(form::bytes);
        case 0xc5: return with<std::uint16_t>(form::bytes);
        case 0xc6: return with<std::uint32_t>(form::bytes);
        case 0xca: return with<std::uint32_t>(form::f32);
        case 0xcb: return with<std::uint64_t>(form::f64);
        case 0xcc: return with<std::uint8_t>(form::positive);
        case 0xcd: return with<std::uint16_t>(form::positive);
        case 0xce: return with<std::uint32_t>(form::positive);
        case 0xcf: return with<std::uint64_t>(form::positive);
        case 0xd0: return with_sign<std::int8_t>();
        case 0xd1: return with_sign<std::int16_t>();
        case 0xd2: return with_sign<std::int32_t>();
        case 0xd3: return with_sign<std::int64_t>();
        case 0xd9: return with<std::uint8_t>(form::text);
        case 0xda: return with<std::uint16_t>(form::text);
        case 0xdb: return with<std::uint32_t>(form::text);
        case 0xdc: return with<std::uint16_t>(form::list);
        case 0xdd: return with<std::uint32_t>(form::list);
        case 0xde: return with<std::uint16_t>(form::map);
        case 0xdf: return with<std::uint32_t>(form::map);
        case 0xc1: return {form::unknown, 0};
        default: return {form::extension, 0};
        }
    }

private:
    static item integer(std::int64_t value) noexcept {
        return {value < 0 ? form::negative : form::positive, static_cast<std::uint64_t>(value)};
    }

    // The number that follows, most significant byte first.
    template <class Number>
    item with(form what) noexcept {
        if (left() < sizeof(Number)) return {form::cut, 0};
        std::uint64_t value = 0;
        for (const std::byte one : take(sizeof(Number))) value = value << 8 | std::to_integer<std::uint64_t>(one);
        return {what, value};
    }

    template <class Number>
    item with_sign() noexcept {
        const item found = with<std::make_unsigned_t<Number>>(form::positive);
        return found.what == form::cut ? found : integer(static_cast<Number>(found.value));
    }

    const std::byte* at_;
    const std::byte* end_;
};

}  // namespace troupe::detail
