// Public names: given, found, waited for, kept over a restart, and free after an end.
#include <optional>
#include <string>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "names/company.hpp"
#include "watched.hpp"

namespace {

using namespace company;
using checks::contains;

task<> claims(mailbox<item, die> inbox, std::string name) {
    co_await troupe::claim_name(name, inbox.address());
    co_await inbox.serve([](item) {}, [](die m) { std::raise(m.signal); });
}
task<> waits_for_it(std::string name) {
    const auto one = co_await troupe::await_name<item>(name);
    co_await one.send(item{1});
}

task<> found_by_name() {
    const auto one = co_await troupe::spawn<reader>();
    const auto before = co_await troupe::find_name<item>("reader");
    CHECK_FALSE(before);
    co_await troupe::claim_name("reader", one);
    const auto found = co_await troupe::find_name<item, seen>("reader");
    REQUIRE(found);
    CHECK(*found == one);
    co_await found->send(item{7});
    const auto numbers = co_await found->ask(seen{});
    CHECK(numbers == std::vector<int>{7});
    co_await end(one);
    const auto after = co_await troupe::find_name<item>("reader");
    CHECK_FALSE(after);
}

task<> several_names() {
    const auto one = co_await troupe::spawn<reader>();
    co_await troupe::claim_name("a", one);
    co_await troupe::claim_name("b", one);
    co_await troupe::claim_name("a", one);  // it has that
    co_await troupe::release_name("a");
    co_await troupe::release_name("a");
    const auto a = co_await troupe::find_name<>("a");
    const auto b = co_await troupe::find_name<>("b");
    CHECK_FALSE(a);
    CHECK(b == one);
    co_await end(one);
}

task<> one_holder() {
    const auto one = co_await troupe::spawn<reader>({.name = "first"});
    const auto two = co_await troupe::spawn<reader>();
    co_await troupe::claim_name("reader", one);
    const std::string said = co_await refused<troupe::name_taken>(troupe::claim_name("reader", two));
    CHECK_THAT(said, contains("the name 'reader' is taken by actor 'first' (pid "));
    co_await end(one);
    co_await troupe::claim_name("reader", two);
    const auto found = co_await troupe::find_name<item>("reader");
    CHECK(found == two);
    co_await end(two);
}

task<> free_after_each_kind_of_end() {
    for (const int signal : {SIGKILL, SIGTERM, 0}) {
        const auto one = co_await troupe::spawn<claims>("mortal");
        const auto found = co_await troupe::await_name<die>("mortal");
        CHECK(found == one);
        if (signal == 0)
            one.stop();
        else
            co_await found.send(die{signal});
        co_await one.join();
        const auto after = co_await troupe::find_name<>("mortal");
        CHECK_FALSE(after);
    }
}

task<> waited_for() {
    const auto early = co_await troupe::spawn<waits_for_it>("late");
    const auto late = co_await troupe::spawn<claims>("late");
    const auto end_of_it = co_await early.join();
    CHECK(end_of_it.success());
    co_await end(late);
}

task<> kept_over_a_restart() {
    troupe::supervisor crew({.max_restarts = 5});
    const auto one = co_await crew.spawn<claims>({}, "phoenix");
    const auto found = co_await troupe::await_name<item, die>("phoenix");
    CHECK(found == one);
    co_await found.send(die{});
    while (crew.restarts() == 0) co_await troupe::sleep_for(1ms);
    const auto again = co_await troupe::find_name<item, die>("phoenix");
    CHECK(again == one);
    co_await crew.stop();
    const auto after = co_await troupe::find_name<>("phoenix");
    CHECK_FALSE(after);
}

task<> given_up() {
    std::string said = "no timeout";
    try {
        co_await troupe::with_timeout(5ms, troupe::await_name<item>("nobody"));
    } catch (const troupe::timed_out&) {
        said.clear();
    }
    CHECK(said.empty());
    const auto first = co_await troupe::when_any(troupe::await_name<item>("nobody"), troupe::yield());
    CHECK(first.index() == 1);
}

task<> narrowed() {
    const auto one = co_await troupe::spawn<reader>({.name = "reader"});
    const actor<> any = one;
    const auto narrow = troupe::narrow<item, seen>(any);
    CHECK(narrow == one);
    co_await narrow.send(item{3});
    const auto numbers = co_await narrow.ask(seen{});
    CHECK(numbers == std::vector<int>{3});
    CHECK_THAT(refusal<troupe::misuse>([&] { troupe::narrow<item, std::string, long>(any); }),
               contains("actor 'reader' (pid ") && contains(") does not take std::") && contains("string"));
    CHECK_THAT(refusal<troupe::misuse>([] { troupe::narrow<item>(actor<>()); }), contains("default-constructed"));
    co_await end(one);
}

task<> wrong_messages() {
    const auto one = co_await troupe::spawn<claims>("picky");
    const auto found = co_await troupe::await_name<>("picky");
    CHECK(found == one);
    std::string said;
    try {
        co_await troupe::find_name<item, die, seen>("picky");
    } catch (const troupe::misuse& refusal) {
        said = refusal.what();
    }
    CHECK_THAT(said, contains("does not take company::seen"));
    co_await end(one);
}

task<> many_names() {
    const auto one = co_await troupe::spawn<reader>();
    int given = 0;
    std::string said;
    try {
        for (;; ++given) co_await troupe::claim_name("name " + std::to_string(given), one);
    } catch (const troupe::too_large& full) {
        said = full.what();
    }
    CHECK(given == 4096);
    CHECK_THAT(said, contains("4096 names"));
    const auto last = co_await troupe::find_name<item>("name 4095");
    CHECK(last == one);
    co_await end(one);
    const auto after = co_await troupe::find_name<item>("name 0");
    CHECK_FALSE(after);
}

}  // namespace

TEST_CASE("names: an actor is found by its name, until it has ended") { watched(found_by_name()); }
TEST_CASE("names: an actor may have several names, and each can be released") { watched(several_names()); }
TEST_CASE("names: a name has one holder, and the error says which") { watched(one_holder()); }
TEST_CASE("names: a name is free as soon as the end of its actor can be known") {
    watched(free_after_each_kind_of_end());
}
TEST_CASE("names: whoever waits for a name gets the actor that claims it later") { watched(waited_for()); }
TEST_CASE("names: an actor that is started again keeps its name, and may claim it again") {
    watched(kept_over_a_restart());
}
TEST_CASE("names: the wait for a name can be given up") { watched(given_up()); }
TEST_CASE("names: 4,096 names are the most, and a dead actor's are all free") { watched(many_names()); }
TEST_CASE("find_name: messages that the actor does not take are misuse, and the first of them is named") {
    watched(wrong_messages());
}
TEST_CASE("narrow: gives a reference that takes more, if the actor does") { watched(narrowed()); }
