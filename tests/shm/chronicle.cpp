// The page on which a process writes down what it does, for those who look in from outside.
#include <array>
#include <cstdint>
#include <memory>

#include "catch.hpp"
#include "shm/chronicle.hpp"

using namespace troupe::shm;

namespace {

// Zeroed, as shared memory is.
struct page {
    chronicle& operator*() { return *reinterpret_cast<chronicle*>(bytes.data()); }
    chronicle* operator->() { return &**this; }
    alignas(chronicle) std::array<std::byte, sizeof(chronicle)> bytes{};
};

waited_for wait_number(std::uint32_t number) { return {.kind = waiting_kind::reply, .of = 7, .number = number}; }

}  // namespace

TEST_CASE("recorder: the last events are there in their order, however often it has gone round") {
    const auto it = std::make_unique<page>();
    constexpr std::uint32_t many = 3 * recorder::capacity + 11;
    for (std::uint32_t i = 0; i < many; ++i) (*it)->last.note({.kind = event_kind::asked, .position = i, .ms = i / 2});
    REQUIRE((*it)->last.count() == many);
    for (std::uint32_t i = many - recorder::capacity; i < many; ++i) {
        const event one = (*it)->last.at(i);
        CHECK(one.kind == event_kind::asked);
        CHECK(one.position == i);
        CHECK(one.ms == i / 2);
    }
}

TEST_CASE("recorder: each part of an event comes back as it was") {
    const auto it = std::make_unique<page>();
    const event put{.kind = event_kind::handling,
                    .size = 41,
                    .peer = 4095,
                    .type = 0xfedcba98,
                    .position = 0x89abcdef,
                    .ms = 0xffffffff};
    (*it)->last.note(put);
    const event got = (*it)->last.at(0);
    CHECK(got.kind == put.kind);
    CHECK(got.size == put.size);
    CHECK(got.peer == put.peer);
    CHECK(got.type == put.type);
    CHECK(got.position == put.position);
    CHECK(got.ms == put.ms);
}

TEST_CASE("waiting list: what finds no place is counted, and the version is odd while it is written") {
    const auto it = std::make_unique<page>();
    waiting_list& list = (*it)->waiting;
    list.begin();
    CHECK(list.version() % 2 == 1);
    for (std::uint32_t i = 0; i < waiting_list::most + 2; ++i) list.add(wait_number(i));
    list.end();
    CHECK(list.version() % 2 == 0);
    const waiting_list::content seen = list.read();
    REQUIRE(seen.count == waiting_list::most);
    CHECK(seen.more == 2);
    for (std::uint32_t i = 0; i < waiting_list::most; ++i) CHECK(seen.entries.at(i) == wait_number(i));
}

TEST_CASE("waiting list: one whose writer died in the middle is empty and whole for the next process") {
    const auto it = std::make_unique<page>();
    (*it)->waiting.begin();
    (*it)->waiting.add(wait_number(1));
    (*it)->begin_process();
    CHECK((*it)->waiting.version() % 2 == 0);
    CHECK((*it)->waiting.read().count == 0);
}
