#include "round_trip.hpp"

#include <troupe/error.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using troupe::test::after_travel;
using troupe::test::survives;

namespace {

// In a tuple with a string, so that the value travels as msgpack; alone it would be flat.
template <class T>
bool survives_packed(const T& value) {
    return survives(std::tuple<std::string, T>{"beside", value});
}
template <class T>
bool bounds_survive() {
    using limits = std::numeric_limits<T>;
    return survives_packed(limits::min()) && survives_packed(limits::max()) && survives_packed(limits::lowest()) &&
           survives_packed(T{}) && survives(limits::min()) && survives(limits::max());
}

enum class colour : std::uint8_t { red = 1, blue = 200 };
enum class signed_word : std::int16_t { low = -32768 };
enum class certain : bool { no, yes };

struct empty {
    bool operator==(const empty&) const = default;
};

struct tree {
    int value = 0;
    std::vector<tree> children;
    std::map<std::string, tree> named;
    bool operator==(const tree&) const = default;
};

// Claims more bytes than a message may have.
struct huge {
    using value_type = char;
    using const_iterator = const char*;
    const char* begin() const { return &one; }
    const char* end() const { return &one; }
    const char* data() const { return &one; }
    std::size_t size() const { return troupe::detail::largest_message + 1; }
    void clear() {}
    void assign(const char*, const char*) {}
    void emplace_back() {}
    char back() const { return one; }
    static constexpr char one = 'x';
};

int made(bool fails) {
    if (fails) throw std::runtime_error("not made");
    return 1;
}
bool fragile_fails = false;
struct fragile {
    std::string text;
    int number = made(fragile_fails);
};

template <class T>
void check_refused(const T& value, const char* why) {
    troupe::detail::outgoing message;
    message.bytes.append("head", 4);
    CHECK_THROWS_WITH(encode(value, message), checks::contains(why));
    CHECK(message.bytes.size() == 4);
}

struct move_only {
    move_only() = default;
    move_only(move_only&&) = default;
    move_only& operator=(move_only&&) = default;
    std::string text;
};

}  // namespace

TEST_CASE("codec: every integer keeps its smallest and its largest value") {
    CHECK(bounds_survive<std::int8_t>());
    CHECK(bounds_survive<std::int16_t>());
    CHECK(bounds_survive<std::int32_t>());
    CHECK(bounds_survive<std::int64_t>());
    CHECK(bounds_survive<std::uint8_t>());
    CHECK(bounds_survive<std::uint16_t>());
    CHECK(bounds_survive<std::uint32_t>());
    CHECK(bounds_survive<std::uint64_t>());
    CHECK(bounds_survive<char>());
    CHECK(bounds_survive<wchar_t>());
    CHECK(bounds_survive<char32_t>());
    CHECK(bounds_survive<long>());
    CHECK(bounds_survive<unsigned long long>());
}

TEST_CASE("codec: integers at the borders of msgpack's widths keep their value") {
    for (const std::int64_t border : {0, 31, 32, 127, 128, 255, 256, 32767, 32768, 65535, 65536})
        for (const std::int64_t value : {border, border + 1, -border, -border - 1}) CHECK(survives_packed(value));
}

TEST_CASE("codec: booleans, also as the base of an enumeration, keep their value") {
    CHECK(survives(true));
    CHECK(survives(false));
    CHECK(survives(certain::yes));
}

TEST_CASE("codec: floating point keeps its bits, the sign of zero and infinity too") {
    for (const double value : {0.0, 1.0, -1.0, 0.1, 1e300, 1e19, 18446744073709551616.0, -9223372036854775808.0}) {
        CHECK(survives_packed(value));
        CHECK(survives_packed(static_cast<float>(value)));
        CHECK(survives(static_cast<long double>(value) / 3));
    }
    const auto [text, zero] = after_travel(std::tuple<std::string, double>{"", -0.0});
    CHECK(std::signbit(zero));
    CHECK(survives_packed(std::numeric_limits<double>::infinity()));
    CHECK(std::isnan(std::get<1>(after_travel(std::tuple<std::string, double>{"", std::nan("")}))));
}

TEST_CASE("codec: an enumeration keeps any value of its underlying type") {
    CHECK(survives_packed(colour::blue));
    CHECK(survives_packed(static_cast<colour>(77)));
    CHECK(survives_packed(signed_word::low));
}

TEST_CASE("codec: strings of any length and any bytes survive") {
    for (const std::size_t size : {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536, 1000000})
        CHECK(survives(std::string(size, 'x')));
    CHECK(survives(std::string("zero \0 and \xff inside", 18)));
    CHECK(survives(std::wstring(L"wide")));
    CHECK(survives(std::u16string(u"sixteen")));
}

TEST_CASE("codec: blobs and lists of numbers travel as one block of bytes") {
    CHECK(survives(std::vector<std::byte>(70000, std::byte{7})));
    CHECK(survives(std::vector<unsigned char>{0, 255}));
    CHECK(survives(std::vector<double>{1.5, -0.0, 3}));
    CHECK(survives(std::vector<colour>{colour::red, colour::blue}));
    CHECK(survives(std::vector<std::pair<int, float>>{{1, 2.f}, {3, 4.f}}));
    CHECK(survives(std::vector<std::array<short, 3>>{{1, 2, 3}}));
    CHECK(survives(std::vector<int>{}));
    troupe::detail::outgoing message;
    encode(std::vector<double>(100), message);
    CHECK(message.bytes.size() == 803);
}

TEST_CASE("codec: lists of things that are not flat survive") {
    CHECK(survives(std::vector<std::string>{"a", "", "c"}));
    CHECK(survives(std::vector<bool>{true, false, true}));
    CHECK(survives(std::deque<int>{1, 2, 3}));
    CHECK(survives(std::deque<bool>{true, false}));
    CHECK(survives(std::list<std::vector<std::string>>{{"a"}, {}, {"b", "c"}}));
    CHECK(survives(std::vector<std::vector<bool>>{{true}, {}, {false, false}}));
}

TEST_CASE("codec: sets and maps of every sort survive") {
    CHECK(survives(std::set<std::string>{"a", "b"}));
    CHECK(survives(std::multiset<int>{1, 1, 2}));
    CHECK(survives(std::unordered_set<int>{1, 2, 3}));
    CHECK(survives(std::unordered_multiset<std::string>{"a", "a"}));
    CHECK(survives(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}}));
    CHECK(survives(std::multimap<int, int>{{1, 1}, {1, 2}}));
    CHECK(survives(std::unordered_map<std::string, double>{{"pi", 3.14}}));
    CHECK(survives(std::unordered_multimap<int, std::string>{{1, "x"}, {1, "x"}}));
    CHECK(survives(std::map<std::pair<int, std::string>, std::optional<bool>>{{{1, "x"}, true}, {{2, ""}, {}}}));
}

TEST_CASE("codec: an optional keeps apart empty, a value, and an empty optional inside") {
    using nested = std::optional<std::optional<std::string>>;
    CHECK(survives(std::optional<int>{}));
    CHECK(survives(std::optional<int>{0}));
    CHECK(survives(nested{}));
    CHECK(survives(nested{std::optional<std::string>{}}));
    CHECK(survives(nested{"text"}));
    CHECK(survives(std::optional<std::monostate>{std::monostate{}}));
}

TEST_CASE("codec: a variant keeps its alternative, also among equal types") {
    using several = std::variant<std::monostate, int, std::string, int, std::vector<std::string>>;
    CHECK(survives(several{}));
    CHECK(survives(several{std::in_place_index<1>, 5}));
    CHECK(survives(several{std::in_place_index<3>, 5}));
    CHECK(survives(several{std::vector<std::string>{"a"}}));
}

TEST_CASE("codec: tuples, pairs and arrays survive") {
    CHECK(survives(std::tuple<>{}));
    CHECK(survives(std::tuple<int, std::string, bool>{1, "b", true}));
    CHECK(survives(std::pair<std::string, std::string>{"a", "b"}));
    CHECK(survives(std::pair<int, char>{1, 'c'}));
    CHECK(survives(std::array<std::string, 3>{"a", "b", "c"}));
    CHECK(survives(std::array<std::array<bool, 2>, 2>{{{true, false}, {false, true}}}));
    CHECK(survives(std::array<int, 0>{}));
}

TEST_CASE("codec: durations and points in time survive") {
    CHECK(survives(1500ms));
    CHECK(survives(std::chrono::system_clock::now()));
    CHECK(survives(std::chrono::steady_clock::time_point::min()));
    CHECK(survives_packed(std::chrono::duration<float>(1.5f)));
    CHECK(survives(std::map<std::chrono::seconds, std::string>{{3s, "three"}}));
    CHECK(survives(std::vector<std::chrono::hours>{1h, 2h}));
}

TEST_CASE("codec: paths survive") {
    CHECK(survives(std::filesystem::path("/tmp/some where")));
    CHECK(survives(std::vector<std::filesystem::path>{"a", ""}));
}

TEST_CASE("codec: a struct without members survives") { CHECK(survives(std::vector<empty>(3))); }

TEST_CASE("codec: a struct may hold itself in containers") {
    CHECK(survives(tree{1, {{2, {{3, {}, {}}}, {}}}, {{"leaf", {4, {}, {}}}}}));
}

TEST_CASE("codec: a class without a copy survives where it can be moved") {
    std::vector<std::pair<int, std::vector<int>>> plain;
    CHECK(survives(plain));
    STATIC_REQUIRE(!troupe::detail::travels<move_only>);  // it has constructors: not a plain struct
}

TEST_CASE("codec: decoding replaces what was in the value") {
    std::map<int, std::string> map{{1, "old"}, {2, "old"}};
    std::vector<std::string> list{"old", "old"};
    std::optional<int> maybe = 5;
    std::set<std::string> set{"old"};
    std::vector<bool> bits{true, true};
    troupe::detail::outgoing message;
    const auto replace = [&](const auto& with, auto& what) {
        message.clear();
        encode(with, message);
        decode(as_incoming(message), what);
        CHECK(what == with);
    };
    replace(std::map<int, std::string>{{2, "new"}}, map);
    replace(std::vector<std::string>{"new"}, list);
    replace(std::optional<int>{}, maybe);
    replace(std::set<std::string>{"new"}, set);
    replace(std::vector<bool>{false}, bits);
}

TEST_CASE("codec: a message of more than 1 GiB is refused, and the message stays as it was") {
    check_refused(huge{}, "1 GiB");
    check_refused(std::tuple<std::string, huge>{"before", {}}, "1 GiB");
    troupe::detail::byte_buffer buffer;
    CHECK_THROWS_AS(buffer.extend(troupe::detail::largest_message + 1), troupe::too_large);
}

TEST_CASE("codec: a variant that lost its value is refused") {
    std::variant<std::string, fragile> lost;
    fragile_fails = true;
    CHECK_THROWS_AS(lost.emplace<1>(), std::runtime_error);
    fragile_fails = false;
    check_refused(lost, "variant");
}

TEST_CASE("codec: encode appends to what is in the message") {
    troupe::detail::outgoing message;
    message.bytes.append("head", 4);
    encode(std::string("x"), message);
    REQUIRE(message.bytes.size() == 6);
    CHECK(std::memcmp(message.bytes.data(), "head\xa1x", 6) == 0);
}
