#include "round_trip.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"

using troupe::detail::fields_of;
using troupe::detail::is_flat;
using troupe::detail::types;
using troupe::test::survives;

namespace {

struct of_32 {
    std::string a0, a1, a2, a3, a4, a5, a6, a7;
    int b0, b1, b2, b3, b4, b5, b6, b7;
    bool c0, c1, c2, c3, c4, c5, c6, c7;
    std::optional<int> d0, d1, d2, d3, d4, d5, d6, d7;
    bool operator==(const of_32&) const = default;
};

struct of_64 {
    std::string a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, aa, ab, ac, ad, ae, af;
    int b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, ba, bb, bc, bd, be, bf;
    bool c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, ca, cb, cc, cd, ce, cf;
    double d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, da, db, dc, dd, de, df;
    bool operator==(const of_64&) const = default;
};

template <int Depth>
struct nest {
    std::string text;
    nest<Depth - 1> inner;
    bool operator==(const nest&) const = default;
};
template <>
struct nest<0> {
    int value;
    bool operator==(const nest&) const = default;
};

struct with_arrays {
    int before;
    char name[8];
    std::string words[2][3];
    double matrix[3][3];
    bool after;
    bool operator==(const with_arrays&) const = default;
};

struct with_defaults {
    int a = 3;
    std::string b = "default";
    std::vector<int> c{1, 2};
    bool operator==(const with_defaults&) const = default;
};

struct holds_move_only {
    std::unique_ptr<int> pointer;
};

struct point {
    double x, y;
    bool operator==(const point&) const = default;
};
struct shape_of_points {
    std::string name;
    point corner;
    std::vector<point> outline;
    point ends[2];
    bool operator==(const shape_of_points&) const = default;
};

struct padded {
    char c;
    int i;
    bool operator==(const padded&) const = default;
};
struct flat_64_bytes {
    std::uint64_t id;
    float weights[10];
    std::int32_t x, y;
    double z;
    bool operator==(const flat_64_bytes&) const = default;
};
static_assert(sizeof(flat_64_bytes) == 64);

}  // namespace

TEST_CASE("codec: a struct of 32 members survives") {
    of_32 value{};
    value.a0 = "first";
    value.b7 = -7;
    value.c3 = true;
    value.d7 = 8;
    CHECK(survives(value));
}

TEST_CASE("codec: a struct of 64 members survives") {
    of_64 value{};
    value.a0 = "first";
    value.bf = 15;
    value.c8 = true;
    value.df = 0.5;
    CHECK(survives(value));
}

TEST_CASE("codec: structs nested twelve deep survive") {
    nest<12> value{};
    value.text = "outermost";
    value.inner.inner.inner.inner.inner.inner.inner.text = "seventh";
    value.inner.inner.inner.inner.inner.inner.inner.inner.inner.inner.inner.inner.value = 12;
    CHECK(survives(value));
}

TEST_CASE("codec: C arrays among the members are told apart from their neighbours") {
    STATIC_REQUIRE(std::is_same_v<fields_of<with_arrays>, types<int, char[8], std::string[2][3], double[3][3], bool>>);
    with_arrays value{1, "seven", {{"a", "b", "c"}, {"d", "e", "f"}}, {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, true};
    CHECK(survives(value));
}

TEST_CASE("codec: default values of members give way to what was sent") { CHECK(survives(with_defaults{4, "", {}})); }

TEST_CASE("codec: a struct with flat members sends each of those as one block") {
    CHECK(survives(shape_of_points{"kite", {1, 2}, {{3, 4}, {5, 6}}, {{7, 8}, {9, 10}}}));
}

TEST_CASE("codec: flat is what has only numbers and no padding") {
    STATIC_REQUIRE(is_flat<flat_64_bytes>);
    STATIC_REQUIRE(is_flat<point[3]>);
    STATIC_REQUIRE(is_flat<std::tuple<int, float>>);
    STATIC_REQUIRE(!is_flat<padded>);
    STATIC_REQUIRE(!is_flat<bool>);
    STATIC_REQUIRE(!is_flat<long double>);
    STATIC_REQUIRE(!is_flat<std::vector<int>>);
    STATIC_REQUIRE(!is_flat<holds_move_only>);
    CHECK(survives(padded{'c', 5}));
}

TEST_CASE("codec: a flat message is as long as its type and says that it is flat") {
    troupe::detail::outgoing message;
    const flat_64_bytes value{1, {2}, 3, 4, 5};
    encode(value, message);
    CHECK(message.flat);
    CHECK(message.bytes.size() == 64);
    CHECK(survives(value));
    encode(padded{}, message);
    CHECK(!message.flat);
}

TEST_CASE("codec: two types have the same number only when they are the same") {
    using troupe::detail::type_id;
    STATIC_REQUIRE(type_id<point>() == type_id<point>());
    STATIC_REQUIRE(type_id<point>() != type_id<padded>());
    STATIC_REQUIRE(type_id<std::pair<int, int>>() != type_id<std::pair<int, unsigned>>());
    STATIC_REQUIRE(type_id<of_64>() != 0);
}
