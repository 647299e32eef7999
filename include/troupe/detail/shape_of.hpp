// Makes the shape of a type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <troupe/detail/flat.hpp>
#include <troupe/detail/shape.hpp>

namespace troupe::detail {

// shaper<T>::value is the shape. The members are found by address, so a type may hold itself in a container.
template <class T, category Sort = categorise<T>()>
struct shaper;

template <class T>
constexpr const shape& shape_of() {
    return shaper<T>::value;
}

template <class T>
T& as(void* object) {
    return *static_cast<T*>(object);
}
template <class T>
const T& as(const void* object) {
    return *static_cast<const T*>(object);
}

// Reads elements from bytes that need not be aligned for them, so that a container can be filled without being zeroed.
template <class T>
class unaligned_iterator {
public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = T;

    explicit unaligned_iterator(const std::byte* at) noexcept : at_(at) {}
    T operator*() const noexcept {
        T element;
        std::memcpy(static_cast<void*>(&element), at_, sizeof element);
        return element;
    }
    unaligned_iterator& operator++() noexcept { return *this += 1; }
    unaligned_iterator& operator--() noexcept { return *this += -1; }
    unaligned_iterator operator++(int) noexcept {
        const unaligned_iterator before = *this;
        ++*this;
        return before;
    }
    unaligned_iterator& operator+=(difference_type n) noexcept {
        at_ += n * static_cast<difference_type>(sizeof(T));
        return *this;
    }
    friend unaligned_iterator operator+(unaligned_iterator it, difference_type n) noexcept { return it += n; }
    friend difference_type operator-(unaligned_iterator end, unaligned_iterator begin) noexcept {
        return (end.at_ - begin.at_) / static_cast<difference_type>(sizeof(T));
    }
    friend bool operator==(unaligned_iterator, unaligned_iterator) noexcept = default;

private:
    const std::byte* at_;
};

template <class T>
consteval kind scalar_kind() {
    if constexpr (std::is_enum_v<T>) {
        return scalar_kind<std::underlying_type_t<T>>();
    } else if constexpr (std::is_floating_point_v<T>) {
        return sizeof(T) == 4 ? kind::f32 : kind::f64;
    } else {
        constexpr bool with_sign = std::is_signed_v<T>;
        switch (sizeof(T)) {
        case 1: return with_sign ? kind::i8 : kind::u8;
        case 2: return with_sign ? kind::i16 : kind::u16;
        case 4: return with_sign ? kind::i32 : kind::u32;
        case 8: return with_sign ? kind::i64 : kind::u64;
        default: return kind::block;  // the compiler's 128 bits
        }
    }
}

template <class T>
struct shaper<T, category::boolean> {
    static constexpr shape value{kind::boolean, sizeof(T)};
};
template <class T>
struct shaper<T, category::integer> {
    static constexpr shape value{scalar_kind<T>(), sizeof(T)};
};
template <class T>
struct shaper<T, category::real> {
    static constexpr shape value{scalar_kind<T>(), sizeof(T)};
};
template <class T>
struct shaper<T, category::extended> {
    // x87 keeps ten bytes in sixteen; the rest is padding.
    static constexpr shape value{kind::block, __LDBL_MANT_DIG__ == 64 ? 10 : sizeof(T)};
};
template <class T>
struct shaper<T, category::text> {
    static constexpr shape value{kind::text, sizeof(T)};
};
template <class T>
struct block_shaper {
    static constexpr shape value{kind::block, sizeof(T)};
};

template <class T, class Fields>
struct fields_shaper;
template <class T, class... Fields>
struct fields_shaper<T, types<Fields...>> {
    static constexpr const shape* fields[] = {&shaper<Fields>::value..., nullptr};
    static void locate(void* record, void** addresses) {
        if constexpr (is_tuple<T>) {
            std::apply([&](auto&... member) { ((*addresses++ = address_of(member)), ...); }, as<T>(record));
        } else {
            locate_fields<T>(record, addresses);
        }
    }
    static constexpr record_shape value{{kind::record, sizeof(T)}, sizeof...(Fields), fields, locate};
};
template <class T>
struct shaper<T, category::record> : std::conditional_t<is_flat<T>, std::type_identity<block_shaper<T>>,
                                                        std::type_identity<fields_shaper<T, fields_of<T>>>>::type {};
template <class T>
struct shaper<T, category::tuple>
    : std::conditional_t<is_flat<T>, std::type_identity<block_shaper<T>>,
                         std::type_identity<fields_shaper<T, typename tuple_parts<T>::type>>>::type {};

template <class T>
struct row_shaper {
    using row = row_of<T>;
    static constexpr row_shape value{
        {kind::row, sizeof(T)}, row::count, sizeof(typename row::element), &shaper<typename row::element>::value};
};
template <class T>
struct shaper<T, category::row>
    : std::conditional_t<is_flat<T>, std::type_identity<block_shaper<T>>, std::type_identity<row_shaper<T>>>::type {};

template <class T>
struct bulk_shaper {
    using element = typename T::value_type;
    static std::span<const std::byte> view(const void* bulk) {
        const T& elements = as<T>(bulk);
        return {reinterpret_cast<const std::byte*>(elements.data()), elements.size() * sizeof(element)};
    }
    static void assign(void* bulk, const std::byte* bytes, std::size_t count) {
        if constexpr (std::is_same_v<element, char> || std::is_same_v<element, unsigned char> ||
                      std::is_same_v<element, std::byte>) {
            const auto* first = reinterpret_cast<const element*>(bytes);  // these may look at any memory
            as<T>(bulk).assign(first, first + count);
        } else {
            const unaligned_iterator<element> first(bytes);
            as<T>(bulk).assign(first, first + static_cast<std::ptrdiff_t>(count));
        }
    }
    static constexpr bulk_shape value{{kind::bulk, sizeof(T)}, sizeof(element), view, assign};
};

template <class T>
std::size_t count_elements(const void* object) {
    return as<T>(object).size();
}
template <class T>
void each_element(const void* object, void* walker, visit_part visit) {
    for (const auto& element : as<T>(object)) visit(walker, address_of(element));
}
template <class T>
void clear_elements(void* object) {
    as<T>(object).clear();
}

template <class T>
struct sequence_shaper {
    static void clear(void* object, std::size_t reserve) {
        as<T>(object).clear();
        if constexpr (requires(T& t) { t.reserve(reserve); }) as<T>(object).reserve(reserve);
    }
    static void* append(void* object) {
        as<T>(object).emplace_back();
        return address_of(as<T>(object).back());
    }
    static constexpr sequence_shape value{{kind::sequence, sizeof(T)},
                                          &shaper<typename T::value_type>::value,
                                          sizeof(typename T::value_type),
                                          count_elements<T>,
                                          each_element<T>,
                                          clear,
                                          append};
};
template <class T>
struct shaper<T, category::sequence>
    : std::conditional_t<contiguous<T> && is_flat<typename T::value_type>, std::type_identity<bulk_shaper<T>>,
                         std::type_identity<sequence_shaper<T>>>::type {};

template <class Element>
void* make_element() {
    return new Element();
}
template <class Element>
void discard_element(void* element) {
    delete static_cast<Element*>(element);
}
// An element that was moved from, made as good as new.
template <class Element>
void renew(Element& element) {
    element = Element();
}

template <class T>
struct shaper<T, category::set> {
    using element = typename T::key_type;
    static void commit(void* set, void* made) {
        as<T>(set).insert(std::move(as<element>(made)));
        renew(as<element>(made));
    }
    static constexpr staged_shape value{
        {kind::staged, sizeof(T)}, &shaper<element>::value, false,  count_elements<T>,       each_element<T>,
        clear_elements<T>,         make_element<element>,   commit, discard_element<element>};
};
template <class T>
struct shaper<T, category::bits> {
    static void each(const void* bits, void* walker, visit_part visit) {
        for (const bool bit : as<T>(bits)) visit(walker, &bit);
    }
    static void commit(void* bits, void* bit) { as<T>(bits).push_back(as<bool>(bit)); }
    static constexpr staged_shape value{
        {kind::staged, sizeof(T)}, &shaper<bool>::value, false,  count_elements<T>,    each,
        clear_elements<T>,         make_element<bool>,   commit, discard_element<bool>};
};

template <class T>
struct value_shaper {
    using traits = value_traits<T>;
    using representation = typename traits::representation;
    static std::size_t count(const void*) { return 1; }
    static void each(const void* object, void* walker, visit_part visit) {
        const representation simple = traits::to(as<T>(object));
        visit(walker, address_of(simple));
    }
    static void clear(void*) {}
    static void commit(void* object, void* simple) {
        traits::from(std::move(as<representation>(simple)), as<T>(object));
    }
    static constexpr staged_shape value{{kind::staged, sizeof(T)},
                                        &shaper<representation>::value,
                                        true,
                                        count,
                                        each,
                                        clear,
                                        make_element<representation>,
                                        commit,
                                        discard_element<representation>};
};
template <class T>
struct shaper<T, category::value>
    : std::conditional_t<value_is_its_representation<T>(),
                         std::type_identity<shaper<typename value_traits<T>::representation>>,
                         std::type_identity<value_shaper<T>>>::type {};

template <class T>
struct shaper<T, category::map> {
    using key_type = typename T::key_type;
    using mapped_type = typename T::mapped_type;
    struct entry {
        key_type key{};
        mapped_type mapped{};
    };
    static void each(const void* map, void* walker, visit_entry visit) {
        for (const auto& [key, mapped] : as<T>(map)) visit(walker, address_of(key), address_of(mapped));
    }
    static void* key_of(void* made) { return address_of(as<entry>(made).key); }
    static void* value_of(void* made) { return address_of(as<entry>(made).mapped); }
    static void commit(void* map, void* made) {
        entry& complete = as<entry>(made);
        as<T>(map).emplace(std::move(complete.key), std::move(complete.mapped));
        renew(complete);
    }
    static constexpr map_shape value{{kind::map, sizeof(T)},
                                     &shaper<key_type>::value,
                                     &shaper<mapped_type>::value,
                                     count_elements<T>,
                                     each,
                                     clear_elements<T>,
                                     make_element<entry>,
                                     key_of,
                                     value_of,
                                     commit,
                                     discard_element<entry>};
};

template <class T>
struct shaper<T, category::optional> {
    static const void* get(const void* optional) {
        const T& maybe = as<T>(optional);
        return maybe.has_value() ? address_of(*maybe) : nullptr;
    }
    static void reset(void* optional) { as<T>(optional).reset(); }
    static void* emplace(void* optional) {
        as<T>(optional).emplace(typename T::value_type());
        return address_of(*as<T>(optional));
    }
    static constexpr optional_shape value{
        {kind::optional, sizeof(T)}, &shaper<typename T::value_type>::value, get, reset, emplace};
};

template <class... Ts>
struct shaper<std::variant<Ts...>, category::variant> {
    using whole = std::variant<Ts...>;
    static constexpr const shape* alternatives[] = {&shaper<Ts>::value...};

    static std::uint32_t index(const void* variant) {
        const whole& one = as<whole>(variant);
        return one.valueless_by_exception() ? sizeof...(Ts) : static_cast<std::uint32_t>(one.index());
    }
    static const void* get(const void* variant) {
        return std::visit([](const auto& held) -> const void* { return address_of(held); }, as<whole>(variant));
    }
    template <std::size_t Index>
    static void* emplace_one(whole& variant) {
        return address_of(variant.template emplace<Index>(std::variant_alternative_t<Index, whole>()));
    }
    static void* emplace(void* variant, std::uint32_t index) {
        return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            static constexpr void* (*emplacers[])(whole&) = {emplace_one<Index>...};
            return emplacers[index](as<whole>(variant));
        }(std::index_sequence_for<Ts...>{});
    }
    static constexpr variant_shape value{
        {kind::variant, sizeof(whole)}, sizeof...(Ts), alternatives, index, get, emplace};
};

template <class T>
struct shaper<T, category::handle> {
    static handle_ref refer(const void* handle) { return handle_traits<T>::refer(as<T>(handle)); }
    static void adopt(void* handle, handle_ref reference) { handle_traits<T>::adopt(as<T>(handle), reference); }
    static constexpr handle_shape value{{kind::handle, sizeof(T)}, refer, adopt};
};

template <class T>
struct shaper<T, category::packed> {
    static void pack(const void* value, byte_buffer& into) { packed_traits<T>::pack(as<T>(value), into); }
    static void unpack(std::span<const std::byte> bytes, void* into) { packed_traits<T>::unpack(bytes, as<T>(into)); }
    static constexpr packed_shape value{{kind::packed, sizeof(T)}, pack, unpack};
};

}  // namespace troupe::detail
