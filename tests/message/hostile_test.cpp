// Bytes that no codec wrote. Whatever they are: a value, or `corrupt`, and no more memory than the bytes are worth.
#include <troupe/detail/codec.hpp>
#include <troupe/error.hpp>

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"

using namespace troupe::detail;
using checks::contains;

namespace {

enum class colour : std::uint8_t { red };

struct leaf {
    std::string text;
    std::optional<std::int16_t> maybe;
    std::variant<std::monostate, bool, std::vector<std::string>> choice;
};
struct everything {
    leaf one;
    std::vector<leaf> many;
    std::map<std::string, std::vector<double>> map;
    std::set<std::string> set;
    std::vector<bool> bits;
    std::array<std::string, 2> pair;
    double real = 0;
    float small = 0;
    colour tone = colour::red;
    long double wide = 0;
    std::vector<std::pair<int, int>> bulk;
};
struct chain {
    std::vector<chain> next;
};

everything sample() {
    everything e;
    e.one = {"text", std::int16_t{-300}, true};
    e.many = {{"a", {}, {}}, {"b", std::int16_t{1}, std::vector<std::string>{"x", "y"}}};
    e.map = {{"k", {1, 2}}, {"l", {}}};
    e.set = {"s", "t"};
    e.bits = {true, false};
    e.pair = {"p", "q"};
    e.bulk = {{1, 2}};
    return e;
}

template <class T>
outgoing encoded(const T& value) {
    outgoing message;
    encode(value, message);
    return message;
}

// Decodes `bytes` as a T; gives the text of the refusal, or nothing when they are a T.
template <class T>
std::string refusal(std::string_view bytes, T&& into = {}) {
    try {
        decode({std::as_bytes(std::span(bytes)), {}, false}, into);
    } catch (const troupe::corrupt& e) {
        return e.what();
    }
    return {};
}

std::string_view text_of(const outgoing& message) {
    return {reinterpret_cast<const char*>(message.bytes.data()), message.bytes.size()};
}

}  // namespace

TEST_CASE("codec: a message that ends early is corrupt, wherever it ends") {
    const outgoing message = encoded(sample());
    REQUIRE(refusal<everything>(text_of(message)).empty());
    for (std::size_t size = 0; size < message.bytes.size(); ++size) {
        const std::string cut(text_of(message).substr(0, size));  // a copy: reading past its end is seen
        CHECK(!refusal<everything>(cut).empty());
    }
}

TEST_CASE("codec: a message with any byte replaced by any other is corrupt or a value") {
    const outgoing message = encoded(sample());
    std::string bytes(text_of(message));
    std::size_t refused = 0;
    for (char& byte : bytes) {
        const char before = byte;
        for (int with = 0; with < 256; ++with) {
            byte = static_cast<char>(with);
            refused += refusal<everything>(bytes).empty() ? 0 : 1;
        }
        byte = before;
    }
    CHECK(refused > bytes.size() * 64);
}

TEST_CASE("codec: bytes behind the end are corrupt") {
    std::string bytes(text_of(encoded(sample())));
    CHECK_THAT(refusal<everything>(bytes + '\0'), contains("behind its end"));
}

TEST_CASE("codec: counts that the bytes cannot hold are refused before room is made") {
    std::vector<std::string> list;
    CHECK_THAT(refusal<decltype(list)&>("\xdd\xff\xff\xff\xff", list), contains("more items than there are bytes"));
    CHECK(list.capacity() == 0);
    CHECK_THAT(refusal<std::set<std::string>>("\xdd\xff\xff\xff\xff"), contains("more items"));
    CHECK_THAT(refusal<std::vector<bool>>("\xdd\xff\xff\xff\xff"), contains("more items"));
    CHECK_THAT((refusal<std::map<int, int>>("\xdf\xff\xff\xff\xff")), contains("more items"));
    CHECK_THAT(refusal<std::string>("\xdb\xff\xff\xff\xff"), contains("before the value is complete"));
    CHECK_THAT(refusal<std::vector<double>>("\xc6\xff\xff\xff\xff"), contains("before the value is complete"));
}

TEST_CASE("codec: room set aside for an honest count is at most as large as the message") {
    std::vector<std::array<std::string, 100>> list;
    std::string bytes("\xdc\x03\xe8", 3);
    bytes.append(1000, '\x90');
    CHECK(!refusal<decltype(list)&>(bytes, list).empty());
    CHECK(list.capacity() * sizeof(list[0]) <= bytes.size() + sizeof(list[0]));
}

TEST_CASE("codec: lists nested past the limit are corrupt, and the stack does not grow with them") {
    const std::string deepest = std::string(63, '\x91') + '\x90';  // a chain and its list in turn, 64 in all
    CHECK(refusal<chain>(deepest).empty());
    CHECK_THAT(refusal<chain>("\x91\x91" + deepest), contains("nest more than 64 deep"));
    CHECK_THAT(refusal<chain>(std::string(1000000, '\x91')), contains("nest more than 64 deep"));
}

TEST_CASE("codec: a value nested past the limit is refused by its sender, and the message stays as it was") {
    chain deep;
    for (int i = 0; i < 40; ++i) {
        chain outer;
        outer.next.push_back(std::move(deep));
        deep = std::move(outer);
    }
    outgoing message;
    message.bytes.append("head", 4);
    CHECK_THROWS_AS(encode(deep, message), troupe::too_large);
    CHECK(message.bytes.size() == 4);
}

TEST_CASE("codec: integers that the field cannot hold are corrupt") {
    CHECK(refusal<std::tuple<std::string, std::int8_t>>("\x92\xa0\xd0\x80").empty());
    CHECK_THAT((refusal<std::tuple<std::string, std::int8_t>>("\x92\xa0\xcc\x80")), contains("in field 2"));
    CHECK((refusal<std::tuple<std::string, std::uint8_t>>("\x92\xa0\xcc\xff")).empty());
    CHECK(!(refusal<std::tuple<std::string, std::uint8_t>>("\x92\xa0\xff")).empty());
    CHECK(!(refusal<std::tuple<std::string, std::int64_t>>("\x92\xa0\xcf\xff\xff\xff\xff\xff\xff\xff\xff")).empty());
}

TEST_CASE("codec: an integer is read in every width that msgpack has") {
    using namespace std::string_literals;
    const auto read = [](const std::string& bytes) {
        std::tuple<std::string, std::int64_t> value{"", 0};
        CHECK(refusal<decltype(value)&>("\x92\xa0" + bytes, value).empty());
        return std::get<1>(value);
    };
    CHECK(read("\x7f"s) == 127);
    CHECK(read("\xe0"s) == -32);
    CHECK(read("\xff"s) == -1);
    CHECK(read("\xcc\x80"s) == 0x80);
    CHECK(read("\xcd\x01\x02"s) == 0x0102);
    CHECK(read("\xce\x81\x02\x03\x04"s) == 0x81020304);
    CHECK(read("\xcf\x01\x02\x03\x04\x05\x06\x07\x08"s) == 0x0102030405060708);
    CHECK(read("\xd0\x80"s) == -128);
    CHECK(read("\xd0\x05"s) == 5);
    CHECK(read("\xd1\xff\x00"s) == -256);
    CHECK(read("\xd2\xff\xff\xff\x00"s) == -256);
    CHECK(read("\xd2\x00\x00\x01\x00"s) == 256);
    CHECK(read("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"s) == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("codec: texts, bytes, lists and maps are read with a count of every width") {
    using namespace std::string_literals;
    const auto same = [](const auto& value, std::initializer_list<std::string> ways) {
        for (const std::string& way : ways) {
            auto found = value;
            found.clear();
            CHECK(refusal<decltype(found)&>(way, found).empty());
            CHECK(found == value);
        }
    };
    same("xy"s, {"\xa2xy"s, "\xd9\2xy"s, "\xda\0\2xy"s, "\xdb\0\0\0\2xy"s});
    same(std::vector<char>{'x', 'y'}, {"\xc4\2xy"s, "\xc5\0\2xy"s, "\xc6\0\0\0\2xy"s});
    same(std::vector<bool>{true, false}, {"\x92\xc3\xc2"s, "\xdc\0\2\xc3\xc2"s, "\xdd\0\0\0\2\xc3\xc2"s});
    same(std::map<int, int>{{1, 2}}, {"\x81\1\2"s, "\xde\0\1\1\2"s, "\xdf\0\0\0\1\1\2"s});
}

TEST_CASE("codec: the text of a corrupt message says what stands there, or that nothing does") {
    using namespace std::string_literals;
    for (const char* extension : {"\xc7", "\xc8", "\xc9", "\xd4", "\xd5", "\xd6", "\xd7", "\xd8"})
        CHECK_THAT(refusal<std::string>(extension), contains("an extension type where something else belongs"));
    CHECK_THAT(refusal<std::string>("\xc1"), contains("a byte that is not msgpack"));
    CHECK_THAT(refusal<std::string>("\xc0"), contains("a nil where"));
    CHECK_THAT(refusal<std::string>("\xc2"), contains("a boolean where"));
    CHECK_THAT(refusal<std::string>("\x05"), contains("an integer where"));
    CHECK_THAT(refusal<std::string>("\xca\0\0\0\0"s), contains("a float where"));
    CHECK_THAT(refusal<std::string>("\xcb\0\0\0\0\0\0\0\0"s), contains("a double where"));
    CHECK_THAT(refusal<bool>("\xa1x"), contains("a string where"));
    CHECK_THAT(refusal<bool>("\xc4\1x"), contains("bytes where"));
    CHECK_THAT(refusal<bool>("\x90"), contains("a list where"));
    CHECK_THAT(refusal<bool>("\x80"), contains("a map where"));
    CHECK_THAT(refusal<std::string>(""), contains("an end before the value is complete"));
    CHECK_THAT(refusal<std::string>("\xda\1"), contains("an end before the value is complete"));
}

TEST_CASE("codec: a value of the wrong kind is corrupt, whatever kind stands there") {
    using namespace std::string_literals;
    const std::string kinds[] = {"\xc0"s,  "\xc2"s,    "\x05"s,     "\xff"s,   "\xca\0\0\0\0"s, "\xcb\0\0\0\0\0\0\0\0"s,
                                 "\xa1x"s, "\xc4\1x"s, "\xd4\0\0"s, "\x91\5"s, "\x81\5\5"s,     "\xc1"s};
    int taken = 0;
    for (const std::string& one : kinds) {
        taken += refusal<bool>(one).empty();
        taken += refusal<std::string>(one).empty();
        taken += refusal<std::vector<char>>(one).empty();
        taken += refusal<std::tuple<bool>>(one).empty();
        taken += refusal<std::map<int, int>>(one).empty();
        taken += refusal<std::variant<int>>(one).empty();
        taken += refusal<long double>(one).empty();
    }
    CHECK(taken == 4);  // a boolean, a string, a blob and a map
}

TEST_CASE("codec: a variant's index must name an alternative") {
    using either = std::variant<std::string, bool>;
    CHECK(refusal<either>("\x92\x01\xc3").empty());
    CHECK_THAT(refusal<either>("\x92\x02\xc3"), contains("names no alternative"));
    CHECK(!refusal<either>("\x92\xff\xc3").empty());
    CHECK(!refusal<either>("\x93\x01\xc3\xc3").empty());
}

TEST_CASE("codec: an optional of two values, and a list that ends inside an element, are corrupt") {
    CHECK(refusal<std::optional<bool>>("\x91\xc3").empty());
    CHECK_THAT(refusal<std::optional<bool>>("\x92\xc3\xc3"), contains("more than one value"));
    CHECK(refusal<std::vector<short>>("\xc4\x02xx").empty());
    CHECK_THAT(refusal<std::vector<short>>("\xc4\x03xxx"), contains("ends inside an element"));
}

TEST_CASE("codec: of keys that come twice the first is kept") {
    std::map<std::string, int> map;
    CHECK(refusal<decltype(map)&>("\x82\xa1k\x01\xa1k\x02", map).empty());
    CHECK(map == std::map<std::string, int>{{"k", 1}});
}

TEST_CASE("codec: a flat message of another length, or one that claims to be flat, is corrupt") {
    std::array<int, 4> numbers{};
    std::string text;
    const std::array<std::byte, 15> bytes{};
    CHECK_THROWS_AS(decode({bytes, {}, true}, numbers), troupe::corrupt);
    CHECK_THROWS_AS(decode({bytes, {}, false}, numbers), troupe::corrupt);
    CHECK_THROWS_AS(decode({bytes, {}, true}, text), troupe::corrupt);
}

TEST_CASE("codec: the text of a corrupt message names its type and where in it the fault is") {
    std::string bytes(text_of(encoded(std::tuple<std::string, std::vector<bool>>{"", {true, true, true}})));
    bytes.back() = '\x05';
    const std::string text = refusal<std::tuple<std::string, std::vector<bool>>>(bytes);
    CHECK_THAT(text, contains("tuple") && contains("in field 2, element 3"));
}

TEST_CASE("codec: after a corrupt message the next one decodes") {
    CHECK(!refusal<everything>("\x9b\x93").empty());
    CHECK(refusal<everything>(text_of(encoded(sample()))).empty());
}
