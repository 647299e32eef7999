// Names, topics and groups that are asked for what cannot be, or used in a wrong way.
#include <chrono>
#include <string>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "names/company.hpp"
#include "watched.hpp"

namespace {

using namespace company;
using checks::contains;
using troupe::topic;

task<> wrong_names() {
    const auto one = co_await troupe::spawn<reader>();
    const std::string long_name(64 << 10, 'x'), longest(200, 'y');
    const auto claim = [&one](std::string name) { static_cast<void>(troupe::claim_name(std::move(name), one)); };
    CHECK_THAT(refusal<troupe::misuse>([&] { claim(""); }), contains("a name is empty"));
    CHECK_THAT(refusal<troupe::too_large>([&] { claim(long_name); }), contains("65536 bytes: 200 is the most"));
    for (const char* const wrong :
         {"\xff", "abc\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x28\xa1"}) {
        CHECK_THAT(refusal<troupe::misuse>([&] { claim(wrong); }), contains("not UTF-8"));
    }
    CHECK_THAT(refusal<troupe::misuse>([&] { claim(std::string("a\0b", 3)); }), contains("a zero byte"));
    CHECK_THAT(refusal<troupe::misuse>([] { static_cast<void>(troupe::find_name<item>("")); }), contains("is empty"));
    CHECK_THAT(refusal<troupe::misuse>([] { static_cast<void>(troupe::await_name<item>("")); }), contains("is empty"));
    CHECK_THAT(refusal<troupe::misuse>([] { static_cast<void>(troupe::release_name("\xff")); }), contains("UTF-8"));
    CHECK_THAT(refusal<troupe::misuse>([] { static_cast<void>(troupe::claim_name("a", actor<>())); }),
               contains("names no actor"));
    for (const std::string& right : {longest, std::string("\xf0\x9f\x90\x9f na\xc3\xafve")}) {
        co_await troupe::claim_name(right, one);
        const auto found = co_await troupe::find_name<item>(right);
        CHECK(found == one);
    }
    co_await end(one);
}

task<> dead_ones() {
    const auto one = co_await troupe::spawn<reader>();
    co_await end(one);
    const topic<item> news("news of the dead");
    const std::string said = co_await refused<troupe::actor_died>(troupe::claim_name("ghost", one));
    CHECK_THAT(said, contains("exited with 0"));
    const std::string again = co_await refused<troupe::actor_died>(news.subscribe(one));
    CHECK_THAT(again, contains("exited with 0"));
    co_await news.unsubscribe(one);
    const auto nobody = co_await troupe::find_name<item>("ghost");
    CHECK_FALSE(nobody);
}

task<> wrong_topics() {
    const topic<item> none;
    CHECK_THAT(refusal<troupe::misuse>([&] { static_cast<void>(none.publish({1})); }), contains("default-constructed"));
    CHECK_THAT(refusal<troupe::misuse>([&] { none.subscribers(); }), contains("default-constructed"));
    CHECK_THAT(refusal<troupe::misuse>([&] { static_cast<void>(none.unsubscribe(actor<>())); }),
               contains("default-constructed"));
    CHECK_THAT(refusal<troupe::misuse>([] { topic<item>{""}; }), contains("the name of a topic is empty"));
    CHECK_THAT(refusal<troupe::too_large>([] { topic<item>{std::string(64 << 10, 'x')}; }), contains("65536 bytes"));
    const topic<item> news("of items");
    CHECK_THAT(refusal<troupe::misuse>([] { topic<large>{"of items"}; }),
               contains("the topic 'of items' is of company::item, and not of company::large"));
    const troupe::group<item> crew("of items");  // a group is no topic
    CHECK_THAT(refusal<troupe::misuse>([] { troupe::group<large>{"of items"}; }),
               contains("the group 'of items' is of"));
    CHECK_THAT(refusal<troupe::misuse>([&] { static_cast<void>(news.subscribe(actor<item>())); }),
               contains("names no actor"));
    CHECK_THAT(refusal<troupe::misuse>([] { static_cast<void>(troupe::group<item>().any()); }),
               contains("default-constructed"));
    CHECK_THAT(crew.name(), contains("of items"));
    co_return;
}

task<> unsubscribes_in_its_handler(mailbox<item, seen> inbox, topic<item> from) {
    int count = 0;
    const auto self = inbox.address();
    co_await from.subscribe(self);
    co_await inbox.serve(
        [&](item) -> task<> {
            ++count;
            co_await from.unsubscribe(self);
        },
        [&](seen) { return std::vector<int>{count}; });
}

task<> in_its_handler() {
    const topic<item> news("news once");
    const auto one = co_await troupe::spawn<unsubscribes_in_its_handler>(news);
    co_await news.wait_for_subscribers(1);
    co_await news.publish({1});
    const auto first = co_await one.ask(seen{});
    CHECK(first == std::vector<int>{1});
    const auto done = co_await news.publish({2});
    CHECK(done == troupe::publication{});
    const auto last = co_await one.ask(seen{});
    CHECK(last == std::vector<int>{1});
    co_await end(one);
}

task<> nobody_reads() {
    const topic<large> news("unread");
    for (int i = 0; i < 1000; ++i) co_await news.publish({i, std::string(100'000, 'x')});
    CHECK(news.try_publish({1, ""}) == troupe::publication{});
}

task<> too_many_topics() {
    std::string said;
    try {
        for (int i = 0;; ++i) topic<item>{"topic " + std::to_string(i)};
    } catch (const troupe::too_large& full) {
        said = full.what();
    }
    CHECK_THAT(said, contains("1024 topics and groups"));
    const topic<item> first("topic 0");
    const auto one = co_await troupe::spawn<reader>();
    co_await first.subscribe(one);
    co_await first.publish({1});
    const auto numbers = co_await one.ask(seen{});
    CHECK(numbers == std::vector<int>{1});
    co_await end(one);
}

}  // namespace

TEST_CASE("names: one that is empty, too long, or not UTF-8 is refused at the call") { watched(wrong_names()); }
TEST_CASE("names: a dead actor gets no name and is no subscriber") { watched(dead_ones()); }
TEST_CASE("topic: one without a name, or of another type, is refused at the call") { watched(wrong_topics()); }
TEST_CASE("topic: a subscriber may unsubscribe in its handler") { watched(in_its_handler()); }
TEST_CASE("topic: what nobody reads is lost, and costs nothing") { watched(nobody_reads()); }
TEST_CASE("topic: 1,024 topics are the most, and those there are go on") { watched(too_many_topics()); }
