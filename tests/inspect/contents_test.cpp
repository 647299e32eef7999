// Messages as they lie in memory, shown by what their program says of their types.
#include "troupe/contents.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "inspect/type_shape.hpp"

namespace {

using troupe::inspect::message_type;
using troupe::tool::contents_of;

struct job {
    std::uint64_t number;
    double weight;
};
struct letter {
    std::string subject;
    int urgency;
};
struct poke {
    int depth;
};
struct meet {
    troupe::actor<poke> other;
};
struct tree {
    std::string name;
    std::vector<tree> children;
};
enum class colour : std::uint8_t { red, green };
struct wide {
    char name[8];
    std::array<float, 2> place;
    std::vector<job> jobs;
    std::vector<letter> letters;
    std::map<std::string, int> by_name;
    std::map<int, bool> by_number;
    std::optional<colour> perhaps, never;
    std::variant<std::monostate, std::string> either;
    std::tuple<int, int> pair;
    std::tuple<int, std::string> other;
    std::filesystem::path path;
    double no_number;
};

template <class T>
message_type type_of() {
    troupe::detail::type_text text;
    troupe::detail::write_type<T>(text);
    return {1, "a type", text.take(), {}};
}

template <class T>
nlohmann::ordered_json shown(const T& value) {
    troupe::detail::outgoing message;
    troupe::detail::encode(value, message);
    return contents_of(type_of<T>(), message.bytes, message.flat);
}

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string refusal(const nlohmann::ordered_json& shown) {
    return shown.is_object() && shown.contains("undecodable") ? shown["undecodable"].get<std::string>() : "none";
}

}  // namespace

TEST_CASE("contents: a struct is shown by the names of its fields") {
    CHECK(shown(job{7, 0.5}).dump() == R"({"number":7,"weight":0.5})");
    CHECK(shown(letter{"number 3", 6}).dump() == R"({"subject":"number 3","urgency":6})");
    CHECK(shown(poke{-3}).dump() == R"({"depth":-3})");
}

TEST_CASE("contents: a reference to an actor is its id") {
    const auto other = troupe::detail::refer::to<troupe::actor<poke>>(troupe::detail::actor_id{4711});
    CHECK(shown(meet{other}).dump() == R"({"other":{"actor":4711}})");
}

TEST_CASE("contents: whatever travels can be shown") {
    const wide one{.name = "ada",
                   .place = {0.1F, -2},
                   .jobs = {{1, 2}},
                   .letters = {{"x", 1}},
                   .by_name = {{"a", 1}},
                   .by_number = {{3, true}},
                   .perhaps = colour::green,
                   .never = {},
                   .either = "text",
                   .pair = {1, 2},
                   .other = {3, "four"},
                   .path = "/tmp",
                   .no_number = std::numeric_limits<double>::quiet_NaN()};
    CHECK(
        shown(one).dump() ==
        R"({"name":"ada","place":[0.1,-2.0],"jobs":[{"number":1,"weight":2.0}],"letters":[{"subject":"x","urgency":1}],)"
        R"("by_name":{"a":1},"by_number":[{"key":3,"value":true}],"perhaps":1,"never":null,)"
        R"("either":{"alternative":1,"value":"text"},"pair":[1,2],"other":[3,"four"],"path":"/tmp","no_number":"nan"})");
}

TEST_CASE("contents: a type that holds itself is shown as deep as it goes") {
    CHECK(
        shown(tree{"a", {{"b", {}}, {"c", {{"d", {}}}}}}).dump() ==
        R"({"name":"a","children":[{"name":"b","children":[]},{"name":"c","children":[{"name":"d","children":[]}]}]})");
}

TEST_CASE("contents: a value that is no struct is shown as it is") {
    CHECK(shown(5).dump() == "5");
    CHECK(shown(std::string("x")).dump() == R"("x")");
    CHECK(shown(std::vector<int>{1, 2}).dump() == "[1,2]");
}

TEST_CASE("contents: a handle has its place among those of the message") {
    CHECK(contents_of({1, "a type", "{@queue}", {}}, bytes("\x91\x02"), false).dump() ==
          R"([{"handle":"queue","place":2}])");
}

TEST_CASE("contents: what is not what its type says is told with its bytes") {
    const message_type type = type_of<letter>();
    CHECK(contents_of(type, bytes("\x91\x01"), false).dump() ==
          R"({"undecodable":"a struct in it has another number of fields","bytes":"9101"})");
    CHECK(refusal(contents_of(type, bytes("\x92\xa3xy"), false)) == "it ends before its value is complete");
    CHECK(refusal(contents_of(type, bytes("\x92\xa1x\x01\x01"), false)) == "there are bytes behind its end");
    CHECK(refusal(contents_of(type, bytes("abcd"), true)) == "its type never travels as its own bytes");
    CHECK(refusal(contents_of(type_of<job>(), bytes("abcd"), true)) == "it has 4 bytes, and its type has 16");
    CHECK(refusal(contents_of(type, bytes("\xdd\xff\xff\xff\xff"), false)) ==
          "a list in it has more parts than there are bytes");
}

TEST_CASE("contents: of a type that is not known, msgpack is shown by itself") {
    const message_type unknown{1, "type 0x00000001", {}, {}};
    CHECK(contents_of(unknown, bytes("\x92\xa1x\x05"), false).dump() == R"(["x",5])");
    CHECK(refusal(contents_of(unknown, bytes("abcd"), true)) == "the program has not said what its type is made of");
    CHECK(refusal(contents_of(unknown, bytes(std::string(100'000, '\x91')), false)) == "its values nest too deep");
}

TEST_CASE("contents: what is very long is shown in part, and its rest is counted") {
    const auto numbers = shown(std::vector<int>(100'000, 1));
    CHECK(numbers.size() < 5'000);
    CHECK(numbers.back() == "... 95904 more");
    const auto words = shown(std::vector<std::string>(100'000, "x"));
    CHECK(words.back() == "... 95904 more");
    CHECK(shown(std::string(1'000'000, 'x')).get<std::string>().size() < 5'000);
}

TEST_CASE("contents: a text has nothing in it that a terminal would obey, or that is not UTF-8") {
    const std::string text = shown(std::string("a\x1b[31m\xff\xc2\x9b")).get<std::string>();
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK_NOTHROW(nlohmann::ordered_json(text).dump());
}

TEST_CASE("contents: a shape that is none is unknown") {
    using troupe::inspect::shape_kind;
    using troupe::inspect::type_shape;
    for (const char* text : {"", "i", "i0", "i99", "q", "{", "{i4", "{i4,}", "i4i4", "[3i4]", "(s)", "<>", "<s", "^0",
                             "{^1}", "@", "?", "{a=}"}) {
        CAPTURE(text);
        CHECK(type_shape(text).root().kind == shape_kind::unknown);
    }
    CHECK(type_shape(std::string(5000, '?') + "i4").root().kind == shape_kind::unknown);
    CHECK(type_shape(std::string(9000, '*')).root().kind == shape_kind::unknown);
    CHECK_FALSE(type_shape("[1000000000*[1000000000*i8]]").root().flat.has_value());
}
