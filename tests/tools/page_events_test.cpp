// What open pages of the dashboard are told, about a program that is only played.
#include "troupe/page_events.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "inspect/failure.hpp"
#include "troupe/page_json.hpp"

namespace {

using json = nlohmann::ordered_json;
using troupe::tool::changes;
using troupe::tool::page_events;
using troupe::tool::page_text;
using troupe::tool::take_out_ages;

class played_program final : public troupe::tool::page_source {
public:
    std::atomic<int> looks{0};
    std::atomic<bool> over{false};

    json look() override {
        if (over) throw troupe::inspect::failure("it has ended");
        return {{"taken_at", 1.5}, {"actors", {{{"id", 1}, {"taken", ++looks}}}}};
    }
    json answer(std::string_view, std::uint64_t) override { return {}; }
    std::string carry_out(const order&) override { return {}; }
};

bool begins(const std::optional<std::string>& event, const std::string& name) {
    return event && event->rfind("event: " + name + "\n", 0) == 0;
}

}  // namespace

TEST_CASE("dash: a page is told all at first, then what has changed, and at last that the program has ended") {
    played_program program;
    page_events events(program, {{"control", false}});
    const auto page = events.open();
    CHECK(begins(page->next(), "all"));
    CHECK(begins(page->next(), "change"));
    program.over = true;
    auto last = page->next();
    while (begins(last, "change") || begins(last, "all")) last = page->next();
    CHECK(begins(last, "ended"));
    CHECK(last->find("it has ended") != std::string::npos);
    CHECK_FALSE(page->next());
}

TEST_CASE("dash: one look is for all pages, and a page that opens later is told all") {
    played_program program;
    page_events events(program, json::object());
    const auto first = events.open();
    CHECK(begins(first->next(), "all"));
    CHECK(begins(first->next(), "change"));
    const auto second = events.open();
    const auto told = second->next();
    REQUIRE(begins(told, "all"));
    CHECK(told->find("\"taken\":" + std::to_string(program.looks)) != std::string::npos);
}

TEST_CASE("dash: nothing is looked at before a page is open, and there are sixteen at most") {
    played_program program;
    page_events events(program, json::object());
    CHECK(program.looks == 0);
    std::vector<std::shared_ptr<page_events::listener>> pages;
    for (unsigned i = 0; i < page_events::most_pages; ++i) pages.push_back(events.open());
    CHECK(pages.back() != nullptr);
    CHECK(events.open() == nullptr);
    pages.pop_back();
    CHECK(events.open() != nullptr);
}

TEST_CASE("dash: whoever waits for an event is let go when the server stops") {
    played_program program;
    page_events events(program, json::object());
    const auto page = events.open();
    CHECK(page->next());
    std::thread waiting([&page] {
        while (page->next()) {
        }
    });
    events.close();
    waiting.join();
    CHECK_FALSE(page->next());
}

TEST_CASE("dash: rows that are the same are left out, and those that are gone are named") {
    const json before = {
        {"taken_at", 1.0},
        {"actors", {{{"id", 1}, {"name", "a"}}, {{"id", 2}, {"name", "b"}}, {{"id", 3}, {"name", "c"}}}},
        {"names", json::array({"x"})},
        {"cycles", json::array()}};
    json after = before;
    after["taken_at"] = 2.0;
    after["actors"] = {{{"id", 1}, {"name", "a"}}, {{"id", 3}, {"name", "d"}}, {{"id", 4}, {"name", "e"}}};
    after["cycles"] = json::array({1});
    const json found = changes(before, after);
    CHECK(found["taken_at"] == 2.0);
    CHECK(found["changed"] == json{{"actors", {{{"id", 3}, {"name", "d"}}, {{"id", 4}, {"name", "e"}}}}});
    CHECK(found["gone"] == json{{"actors", json::array({2})}});
    CHECK(found["whole"] == json{{"cycles", json::array({1})}});
}

TEST_CASE("dash: ages are taken out of rows, because they change though nothing has happened") {
    json look = {{"taken_at", 1.0},
                 {"actors", {{{"id", 1}, {"taken_at", 0.9}, {"mailbox", {{"oldest", 0.1}, {"oldest_seconds", 0.8}}}}}}};
    take_out_ages(look);
    CHECK(look == json{{"taken_at", 1.0}, {"actors", {{{"id", 1}, {"mailbox", {{"oldest", 0.1}}}}}}});
}

TEST_CASE("dash: a browser is sent no number that it would round, and no bytes that are no text") {
    CHECK(page_text({{"id", std::uint64_t{1} << 63 | 1}, {"of", {1, std::uint64_t{1} << 53}}}) ==
          R"({"id":"9223372036854775809","of":[1,9007199254740992]})");
    CHECK(page_text({{"name", "a\xff\nb"}}) == "{\"name\":\"a\xef\xbf\xbd\\nb\"}");
}
