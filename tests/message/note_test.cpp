// What of a message type can be seen from outside of the program.
#include <troupe/detail/message_note.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "catch.hpp"

namespace {

using troupe::detail::message_note;
using troupe::detail::noted_type;
using troupe::detail::type_text;

struct job {
    std::uint64_t number;
    double weight;
};
struct letter {
    std::string subject;
    int urgency;
};
enum class colour : std::uint8_t { red, green };
enum class answer : bool { no, yes };
struct wide {
    std::array<std::array<int, 3>, 2> grid;
    char name[8];
    std::vector<job> jobs;
    std::map<int, letter> letters;
    std::set<std::string> words;
    std::optional<colour> perhaps;
    std::variant<std::monostate, bool, std::vector<double>> either;
    std::vector<bool> bits;
    answer yes;
    std::chrono::milliseconds time;
};
struct tree {
    std::string name;
    std::vector<tree> children;
};
struct forest {
    tree first;
    std::optional<std::vector<forest>> more;
};
struct full_bits {
    int low : 32;
    unsigned high : 32;
};
struct empty {};
template <class T>
struct boxed {
    T content;
};
template <int Depth>
struct many {
    many<Depth - 1> a, b, c, d;
};
template <>
struct many<0> {
    std::vector<int> a, b, c, d;
};
struct nobody_sends_it {
    int value;
};

template <class T>
std::string shape_of_type() {
    type_text text;
    troupe::detail::write_type<T>(text);
    return text.take();
}

const message_note* note_of(std::uint32_t number) {
    const message_note* one = message_note::first();
    while (one != nullptr && one->number() != number) one = one->next();
    return one;
}

}  // namespace

TEST_CASE("note: a type whose number is asked for has one, with the compiler's name of it") {
    const message_note* const found = note_of(noted_type<letter>());
    REQUIRE(found != nullptr);
    CHECK(found->name() == troupe::detail::type_name<letter>());
    CHECK(found->shape() == "{subject=s,urgency=i4}");
}

TEST_CASE("note: a type that nobody sends has none") {
    CHECK(note_of(troupe::detail::type_id<nobody_sends_it>()) == nullptr);
}

TEST_CASE("note: numbers and strings") {
    CHECK(shape_of_type<int>() == "i4");
    CHECK(shape_of_type<unsigned char>() == "u1");
    CHECK(shape_of_type<char>() == "c1");
    CHECK(shape_of_type<float>() == "f4");
    CHECK(shape_of_type<bool>() == "b1");
    CHECK(shape_of_type<colour>() == "u1");
    CHECK(shape_of_type<std::string>() == "s");
    CHECK(shape_of_type<std::u16string>() == "[u2]");
    CHECK(shape_of_type<std::chrono::seconds>() == "i8");
}

TEST_CASE("note: a struct has the names of its fields, at every depth") {
    CHECK(shape_of_type<job>() == "{number=u8,weight=f8}");
    CHECK(shape_of_type<boxed<boxed<letter>>>() == "{content={content={subject=s,urgency=i4}}}");
    CHECK(shape_of_type<wide>() ==
          "{grid=[2*[3*i4]],name=[8*c1],jobs=[{number=u8,weight=f8}],letters=(i4:{subject=s,urgency=i4}),words=[s],"
          "perhaps=?u1,either=<{}|b1|[f8]>,bits=[b1],yes=b1,time=i8}");
}

TEST_CASE("note: a struct that is local to a function has the names of its fields") {
    struct local {
        int left_hand;
        std::string right_hand;
    };
    CHECK(shape_of_type<local>() == "{left_hand=i4,right_hand=s}");
}

TEST_CASE("note: where names cannot be had, there are places") {
    CHECK(shape_of_type<full_bits>() == "{i4,u4}");
    CHECK(shape_of_type<std::pair<int, std::string>>() == "{i4,s}");
    CHECK(shape_of_type<empty>() == "{}");
}

TEST_CASE("note: a tuple that travels as its bytes says in which order they stand") {
    const std::tuple<int, float> one{};
    const bool backwards = static_cast<const void*>(&std::get<0>(one)) != static_cast<const void*>(&one);
    CHECK(shape_of_type<std::tuple<int, float>>() == (backwards ? "{~i4,f4}" : "{i4,f4}"));
    CHECK(shape_of_type<std::tuple<int, std::string>>() == "{i4,s}");
}

TEST_CASE("note: a type that holds itself refers to itself") {
    CHECK(shape_of_type<tree>() == "{name=s,children=[^0]}");
    CHECK(shape_of_type<forest>() == "{first={name=s,children=[^0]},more=?[^0]}");
}

TEST_CASE("note: of a type that is too long to be described, the rest is left open") {
    const std::string shape = shape_of_type<many<6>>();
    CHECK(shape.size() < 2 * type_text::longest);
    CHECK(shape.find('*') != std::string::npos);
    CHECK(std::count(shape.begin(), shape.end(), '{') == std::count(shape.begin(), shape.end(), '}'));
}
