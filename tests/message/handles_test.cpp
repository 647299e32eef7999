#include "round_trip.hpp"

#include <troupe/error.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace {

// A handle as the runtime has them: it can be moved and not copied.
class door {
public:
    door() = default;
    explicit door(std::uint64_t object, std::uint32_t role) : reference_{object, role} {}
    door(door&& other) noexcept : reference_(std::exchange(other.reference_, {})) {}
    door& operator=(door&& other) noexcept {
        reference_ = std::exchange(other.reference_, {});
        return *this;
    }
    std::uint64_t object() const { return reference_.object; }
    std::uint32_t role() const { return reference_.role; }

private:
    friend struct troupe::detail::handle_traits<door>;
    troupe::detail::handle_ref reference_;
};

// A plain value with a private member, as an actor reference is.
class ticket {
public:
    ticket() = default;
    explicit ticket(std::uint64_t number) : number_(number) {}
    bool operator==(const ticket&) const = default;

private:
    friend struct troupe::detail::value_traits<ticket>;
    std::uint64_t number_ = 0;
};

// A class whose representation is not a number, and which refuses some of its values.
class even {
public:
    even() = default;
    explicit even(int half) : digits_(half, 'x') {}
    std::size_t value() const { return digits_.size() * 2; }

private:
    friend struct troupe::detail::value_traits<even>;
    std::string digits_;
};

// Decodes a message of its own while it is being decoded.
class letter {
public:
    letter() = default;
    explicit letter(std::vector<std::string> lines) : lines_(std::move(lines)) {}
    bool operator==(const letter&) const = default;

private:
    friend struct troupe::detail::value_traits<letter>;
    std::vector<std::string> lines_;
};

class refuses_to_leave {};

struct luggage {
    std::string label;
    door first;
    std::vector<door> more;
};

}  // namespace

template <>
struct troupe::detail::handle_traits<door> {
    static handle_ref refer(const door& d) { return d.reference_; }
    static void adopt(door& d, handle_ref reference) { d.reference_ = reference; }
};
template <>
struct troupe::detail::value_traits<ticket> {
    using representation = std::uint64_t;
    static representation to(const ticket& t) { return t.number_; }
    static void from(representation&& number, ticket& t) { t.number_ = number; }
};
template <>
struct troupe::detail::value_traits<even> {
    using representation = std::size_t;
    static representation to(const even& e) { return e.value(); }
    static void from(representation&& value, even& e) {
        if (value % 2 != 0) throw corrupt("corrupt: an even number that is odd");
        e.digits_.assign(value / 2, 'x');
    }
};
template <>
struct troupe::detail::value_traits<letter> {
    using representation = std::vector<std::byte>;
    static representation to(const letter& l) {
        outgoing inner;
        encode(l.lines_, inner);
        return {inner.bytes.data(), inner.bytes.data() + inner.bytes.size()};
    }
    static void from(representation&& bytes, letter& l) { decode({bytes, {}, false}, l.lines_); }
};
template <>
struct troupe::detail::value_traits<refuses_to_leave> {
    using representation = std::string;
    static representation to(const refuses_to_leave&) { throw misuse("misuse: it stays here"); }
    static void from(representation&&, refuses_to_leave&) {}
};

using namespace troupe::detail;

TEST_CASE("codec: handles travel beside the bytes and arrive where they were") {
    luggage sent{"two", door(7, 1), {}};
    sent.more.emplace_back(8, 2);
    outgoing message;
    encode(sent, message);
    CHECK(message.handles == std::vector<handle_ref>{{7, 1}, {8, 2}});

    luggage arrived;
    decode(as_incoming(message), arrived);
    CHECK(arrived.first.object() == 7);
    REQUIRE(arrived.more.size() == 1);
    CHECK(arrived.more[0].role() == 2);
}

TEST_CASE("codec: a handle that the message does not carry is corrupt") {
    outgoing message;
    encode(luggage{"one", door(7, 1), {}}, message);
    message.handles.clear();
    luggage arrived;
    CHECK_THROWS_WITH(decode(as_incoming(message), arrived), checks::contains("does not carry"));
}

TEST_CASE("codec: a handle that comes twice, or before its turn, is corrupt") {
    outgoing message;
    encode(luggage{"one", door(7, 1), {}}, message);
    message.handles.push_back({8, 2});
    // Of the three fields of `luggage` the last is the list, here empty, and before it stands the first door's place.
    std::string bytes(reinterpret_cast<const char*>(message.bytes.data()), message.bytes.size());
    const auto read = [&](std::string_view doors) {
        const std::string changed = bytes.substr(0, bytes.size() - 2).append(doors);
        luggage arrived;
        decode({std::as_bytes(std::span(changed)), message.handles, false}, arrived);
    };
    using namespace std::string_literals;
    CHECK_NOTHROW(read("\x00\x91\x01"s));
    CHECK_THROWS_WITH(read("\x00\x91\x00"s),
                      checks::contains("used before") && checks::contains("in field 3, element 1"));
    CHECK_THROWS_WITH(read("\x01\x91\x00"s), checks::contains("before its turn"));
}

TEST_CASE("codec: handles of a message that is refused are left, for whoever gives them back") {
    std::pair<door, letter> sent;
    sent.first = door(7, 1);
    outgoing message;
    message.handles.push_back({1, 1});
    encode(sent, message);
    CHECK(message.handles.size() == 2);
    const std::size_t bytes = message.bytes.size();
    CHECK_THROWS_AS(encode(std::pair<door, refuses_to_leave>{}, message), troupe::misuse);
    CHECK(message.handles.size() == 3);
    CHECK(message.bytes.size() == bytes);
}

TEST_CASE("codec: a handle that is used twice is corrupt") {
    std::vector<door> sent;
    sent.emplace_back(7, 1);
    sent.emplace_back(8, 1);
    outgoing message;
    encode(sent, message);
    REQUIRE(message.bytes.data()[2] == std::byte{1});
    message.bytes.data()[2] = std::byte{0};
    std::vector<door> arrived;
    CHECK_THROWS_AS(decode(as_incoming(message), arrived), troupe::corrupt);
}

TEST_CASE("codec: a class with value_traits and one number inside travels as that number, and is flat") {
    STATIC_REQUIRE(is_flat<ticket>);
    STATIC_REQUIRE(is_flat<std::pair<ticket, ticket>>);
    CHECK(troupe::test::survives(ticket(5)));
    CHECK(troupe::test::survives(std::map<std::string, ticket>{{"a", ticket(1)}}));
}

TEST_CASE("codec: a class with value_traits can refuse a value") {
    CHECK(troupe::test::after_travel(even(21)).value() == 42);
    outgoing message;
    encode(even(1), message);
    REQUIRE(message.bytes.data()[1] == std::byte{2});
    message.bytes.data()[1] = std::byte{3};
    even arrived;
    CHECK_THROWS_AS(decode(as_incoming(message), arrived), troupe::corrupt);
    for (const std::string_view other_count : {"\x90", "\x92\2\2"}) {
        const auto bytes = std::as_bytes(std::span(other_count));
        CHECK_THROWS_AS(decode({bytes, {}, false}, arrived), troupe::corrupt);
    }
}

TEST_CASE("codec: a message may be decoded while another one is") {
    const std::map<std::string, letter> letters{{"a", letter({"one", "two"})}, {"b", letter({"three"})}};
    CHECK(troupe::test::survives(letters));
}
