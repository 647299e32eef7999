// What a running program has written down of its message types and functions, as it is read from outside.
#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"
#include "catch.hpp"
#include "inspect/type_names.hpp"
#include "shm/program_memory.hpp"

namespace catalogued {

class counter {
public:
    void add(int more) { count_ += more; }
    int count() const { return count_; }

private:
    int count_ = 0;
};

}  // namespace catalogued

namespace {

using catalogued::counter;
using troupe::detail::type_id;
using troupe::inspect::type_names;
using troupe::shm::program_memory;

constexpr std::size_t mib = std::size_t{1} << 20;

struct taken {
    std::string text;
    int number;
};
struct put {
    double amount;
};
struct piped {
    int first;
};
struct published {
    std::vector<int> all;
};
struct asked {
    using reply = int;
    int question;
};

troupe::task<> clerk(troupe::mailbox<taken, asked> inbox) {
    co_await inbox.serve([](taken) {}, [](asked one) { return one.question; });
}

// Never called: that it could be is enough.
[[maybe_unused]] troupe::task<> all_of_it() {
    const troupe::queue<put> queue;
    co_await queue.put({});
    auto [here, there] = troupe::pipe<piped, piped>();
    co_await here.send({});
    co_await troupe::topic<published>("news").publish({});
    const auto one = co_await troupe::host<counter>();
    co_await one.post<&counter::add>(1);
    co_await one.call<&counter::count>();
    co_await troupe::spawn<clerk>();
}

troupe::shm::program_view look_into(const program_memory& memory) {
    return troupe::shm::program_view::attach(troupe::base::owned_fd(fcntl(memory.memory().fd(), F_DUPFD_CLOEXEC, 0)));
}

// What is read where this stands in the catalogue.
type_names read(const std::string& text) {
    program_memory memory = program_memory::create(16 * mib);
    auto& file = memory.memory();
    REQUIRE(file.back(file.offset_of(memory.catalogue()), troupe::shm::catalogue_bytes));
    std::memcpy(memory.catalogue(), text.data(), std::min(text.size(), troupe::shm::catalogue_bytes));
    memory.header().catalogue.set(static_cast<std::uint32_t>(text.size()));
    return type_names(look_into(memory));
}

std::string in_program(std::uint32_t number) {
    const type_names names(look_into(troupe::actors::own_process::here().memory()));
    const auto* const found = names.find(number);
    return found != nullptr ? found->shape : "none";
}

}  // namespace

TEST_CASE("catalogue: a running program has the types that its actors take, with the names of their fields") {
    const type_names names(look_into(troupe::actors::own_process::here().memory()));
    const auto* const found = names.find(type_id<taken>());
    REQUIRE(found != nullptr);
    CHECK(found->name == troupe::detail::type_name<taken>());
    CHECK(found->shape == "{text=s,number=i4}");
    CHECK(found->fields == std::vector<std::string>{"text", "number"});
    CHECK(names.name_of(type_id<asked>()) == troupe::detail::type_name<asked>());
    CHECK(names.left_out() == 0);
}

TEST_CASE("catalogue: it has what is put into queues, sent through pipes and published") {
    CHECK(in_program(type_id<put>()) == "{amount=f8}");
    CHECK(in_program(type_id<piped>()) == "{first=i4}");
    CHECK(in_program(type_id<published>()) == "{all=[i4]}");
}

TEST_CASE("catalogue: a call of an object has the name of its method") {
    const type_names names(look_into(troupe::actors::own_process::here().memory()));
    using troupe::detail::method_message, troupe::detail::method_request;
    const std::string add = names.name_of(type_id<method_message<&counter::add, decltype(&counter::add)>>());
    const std::string count = names.name_of(type_id<method_request<&counter::count, decltype(&counter::count)>>());
    CHECK_THAT(add, checks::contains("counter::add"));
    CHECK_THAT(count, checks::contains("counter::count"));
    CHECK(add.starts_with("troupe::detail") == false);
}

TEST_CASE("catalogue: the functions of actors are listed by their keys") {
    const type_names names(look_into(troupe::actors::own_process::here().memory()));
    CHECK(names.function_of(troupe::detail::known_actor<clerk>::entry.key()) == "clerk");
    CHECK(names.function_of(1).empty());
}

TEST_CASE("catalogue: a type that is not listed is called by its number") {
    CHECK(read("").name_of(0x1a2b) == "type 0x00001a2b");
    CHECK(read("").find(0x1a2b) == nullptr);
}

TEST_CASE("catalogue: lines that are none are left out, and those around them are read") {
    const type_names names =
        read("m\tzz\tbad\ti4\nq\n\n\tm\nm\t1\nm\t2\tgood\t{a=i4}\nf\t\tnobody\nf\tff\tclerk\nx\t12\nm\t3\tcut");
    CHECK(names.name_of(2) == "good");
    CHECK(names.find(1) == nullptr);
    CHECK(names.find(2)->fields == std::vector<std::string>{"a"});
    CHECK(names.function_of(0xff) == "clerk");
    CHECK(names.left_out() == 12);
    CHECK(names.name_of(3) == "cut");
}

TEST_CASE("catalogue: what a terminal would obey is not in a name") {
    CHECK(read("m\t2\tred\x1b[31m\ti4\n").name_of(2) == "red?[31m");
}

TEST_CASE("catalogue: a length that cannot be is read as far as there is text") {
    program_memory memory = program_memory::create(16 * mib);
    memory.header().catalogue.set(0xffff'ffff);
    CHECK(type_names(look_into(memory)).find(0) == nullptr);
}
