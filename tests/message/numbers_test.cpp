// Numbers of other widths than C++ itself names, packed structs, and structs whose first member can be anything.
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "message/round_trip.hpp"

namespace {

using troupe::detail::is_flat;
using troupe::test::after_travel;
using troupe::test::survives;

__extension__ using quad = __float128;
using half = _Float16;
using brain = __bf16;  // looked at only: for its values an older libgcc lacks a function
using integer = troupe::detail::wide_integer;
using natural = troupe::detail::wide_unsigned;

template <class Real>
struct pair_of {
    Real first, second;
};
template <class Real>
struct with_text {
    Real first;
    std::string text;
    Real second;
};

template <class Real>
Real third() {
    return static_cast<Real>(1.0f) / static_cast<Real>(3.0f);
}

template <class Real>
void survives_everywhere(Real one, Real other) {
    const auto flat = after_travel(pair_of<Real>{one, other});
    CHECK((flat.first == one && flat.second == other));
    const auto mixed = after_travel(with_text<Real>{one, "text", other});
    CHECK((mixed.first == one && mixed.text == "text" && mixed.second == other));
    CHECK(bool(after_travel(std::vector<Real>{one, other}) == std::vector<Real>{one, other}));
    CHECK(bool(*after_travel(std::optional<Real>(other)) == other));
    CHECK(bool(after_travel(std::map<Real, Real>{{one, other}}) == std::map<Real, Real>{{one, other}}));
    const auto both = after_travel(std::pair<Real, std::string>(other, "text"));
    CHECK((both.first == other && both.second == "text"));
    CHECK(bool(std::get<1>(after_travel(std::variant<std::string, Real>(one))) == one));
    Real row[2] = {one, other};
    struct with_row {
        Real row[2];
        bool flag;
    };
    with_row rows{};
    std::memcpy(rows.row, row, sizeof row);
    const auto back = after_travel(rows);
    CHECK((back.row[0] == one && back.row[1] == other));
}

struct [[gnu::packed]] tight {
    char sign;
    std::int32_t number;
    double real;
};
struct holds_tight {
    std::string text;
    tight one;
    std::vector<tight> more;
};

// Made from whatever a value of its type can be made from.
template <class T>
struct box {
    T value{};
    box() = default;
    template <class U>
        requires std::is_constructible_v<T, U&&>
    box(U&& from) : value(std::forward<U>(from)) {}
};

struct anything {
    anything() = default;
    template <class T>
    anything(T&&) {}
};

struct with_mutable {
    std::string text;
    mutable int count = 0;
    int number = 0;
};

}  // namespace

TEST_CASE("codec: floating point of every width arrives as it was sent, wherever it stands") {
    survives_everywhere<float>(third<float>(), -7.25f);
    survives_everywhere<double>(third<double>(), -7.25);
    survives_everywhere<long double>(third<long double>(), -7.25L);
    survives_everywhere<quad>(third<quad>(), static_cast<quad>(-7.25));
    survives_everywhere<half>(third<half>(), static_cast<half>(-7.25f));
}

TEST_CASE("codec: integers of 128 bits arrive as they were sent") {
    survives_everywhere<integer>(static_cast<integer>(-5), static_cast<integer>(3) << 100);
    survives_everywhere<natural>(~natural{0}, static_cast<natural>(3) << 100);
}

TEST_CASE("codec: numbers without padding are flat, also those that no trait of the library knows") {
    STATIC_REQUIRE(is_flat<quad>);
    STATIC_REQUIRE(is_flat<half>);
    STATIC_REQUIRE(is_flat<brain>);
    STATIC_REQUIRE(is_flat<integer>);
    STATIC_REQUIRE(is_flat<pair_of<half>>);
    STATIC_REQUIRE(!is_flat<long double>);
    STATIC_REQUIRE(!is_flat<pair_of<long double>>);
}

TEST_CASE("codec: a packed struct of numbers travels as its bytes") {
    STATIC_REQUIRE(is_flat<tight>);
    const tight one{'c', 5, 2.5};
    const auto back = after_travel(holds_tight{"text", one, {one, one}});
    CHECK((back.text == "text" && back.one.sign == 'c' && back.more.size() == 2));
    CHECK(double{back.more[1].real} == 2.5);
    CHECK(int{back.one.number} == 5);
}

TEST_CASE("codec: a mutable member travels") {
    const auto back = after_travel(with_mutable{"text", 2, 3});
    CHECK((back.text == "text" && back.count == 2 && back.number == 3));
}

TEST_CASE("codec: a first member that can be made from much does not look like a base class") {
    using troupe::detail::has_base_class;
    struct holds_box {
        box<std::string> first;
        int number;
    };
    struct holds_anything {
        anything first;
        int number;
    };
    struct base {
        int number;
    };
    struct derived : base {};
    STATIC_REQUIRE(!has_base_class<holds_box>);
    STATIC_REQUIRE(!has_base_class<holds_anything>);
    STATIC_REQUIRE(has_base_class<derived>);
}
