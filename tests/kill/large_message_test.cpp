// Large messages, which lie beside the ring, and whose sender or receiver is killed at every step.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"

using namespace std::chrono_literals;

namespace {

using bytes = std::vector<std::uint8_t>;
constexpr int items = 2;
constexpr std::size_t large = 64 << 10;

bytes content(int number, std::size_t size = large) {
    bytes all(size);
    for (std::size_t i = 0; i < size; ++i)
        all[i] = static_cast<std::uint8_t>(static_cast<std::size_t>(number) * 31 + i / 7);
    return all;
}

troupe::task<> put_large(troupe::queue<bytes> q) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        co_await q.put(content(i));
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_putting() {
    troupe::queue<bytes> q;
    const auto end = co_await (co_await troupe::spawn<&put_large>(q)).join();
    co_await q.put(content(100));
    q.close();
    int got = 0;
    bool last = false;
    while (const auto item = co_await q.get()) {
        if (*item == content(100)) {
            last = true;
        } else {
            CHECK(*item == content(got++));
        }
    }
    CHECK(last);
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << got);
    CHECK(got >= killing::noted());
    CHECK(got <= killing::noted() + 1);
    co_return end;
}

troupe::task<> get_large(troupe::queue<bytes> q) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        const auto item = co_await q.get();
        if (!item) co_return;
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_getting() {
    troupe::queue<bytes> q;
    for (int i = 0; i < 2 * items; ++i) co_await q.put(content(i));
    const auto end = co_await (co_await troupe::spawn<&get_large>(q)).join();
    q.close();
    std::vector<bytes> rest;
    while (auto item = co_await q.get()) rest.push_back(std::move(*item));
    const int its_own = 2 * items - static_cast<int>(rest.size());
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", rest " << rest.size());
    CHECK(its_own >= killing::noted());
    CHECK(its_own <= killing::noted() + 1);
    for (std::size_t i = 0; i < rest.size(); ++i) CHECK(rest[i] == content(its_own + static_cast<int>(i)));
    co_return end;
}

// --- with a queue in it, into which its sender has put something

struct envelope {
    troupe::queue<int> inner;
};

troupe::task<> put_envelopes(troupe::queue<envelope> q) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        const envelope one{troupe::queue<int>({.capacity = 1})};
        co_await one.inner.put(i);
        co_await q.put(one);
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_putting_queues() {
    troupe::queue<envelope> q;
    const auto end = co_await (co_await troupe::spawn<&put_envelopes>(q)).join();
    q.close();
    int got = 0;
    while (const auto item = co_await q.get()) {
        const auto inner = item->inner.try_get();
        CHECK(inner == got);
        ++got;
    }
    CHECK(got >= killing::noted());
    CHECK(got <= killing::noted() + 1);
    co_return end;
}

// --- 64 MiB

constexpr std::size_t huge = std::size_t{64} << 20;

troupe::task<> put_huge(troupe::queue<bytes> q, troupe::queue<int> begun) {
    const bytes all = content(1, huge);
    co_await begun.put(1);
    killing::take_warrant();
    co_await q.put(all);
    co_await troupe::sleep_for(24h);
}

// Kills the producer at a step, or when it has begun, wherever it then is.
troupe::task<> produce_and_die(const char* step) {
    troupe::queue<bytes> q({.capacity = 4, .bytes = 2 * huge});
    troupe::queue<int> begun;
    if (step != nullptr) killing::sign_warrant(killing::victim::itself, 1, step);
    auto producer = co_await troupe::spawn<&put_huge>(q, begun);
    co_await begun.get();
    if (step == nullptr) producer.kill();
    const auto producer_status = co_await producer.join();
    CHECK(producer_status.code() == -SIGKILL);
    co_await q.put(content(2));
    q.close();
    std::size_t whole = 0, others = 0;
    while (const auto item = co_await q.get()) {
        if (item->size() == huge) {
            CHECK(*item == content(1, huge));
            ++whole;
        } else {
            CHECK(*item == content(2));
            ++others;
        }
    }
    CHECK(whole <= 1);
    CHECK(others == 1);
}

}  // namespace

TEST_CASE("large message: a producer killed at any step leaves whole messages, and no memory in use") {
    CHECK(killing::dies_at_each({"block: taken", "parcel: handles written", "parcel: packed", "ring: claimed",
                                 "ring: committed", "outbox: parcel committed"},
                                &killed_while_putting));
}

TEST_CASE("large message: a producer killed before it sent a queue it has written to leaves no queue behind") {
    CHECK(killing::dies_at_each({"parcel: handles written", "parcel: packed", "ring: claimed", "ring: committed"},
                                &killed_while_putting_queues));
}

TEST_CASE("large message: a consumer killed while it takes one leaves it whole to the others") {
    CHECK(killing::dies_at_each({"ring: taken", "parcel: received", "inbox: letter finished", "block: released"},
                                &killed_while_getting));
}

TEST_CASE("large message: a producer killed while it puts 64 MiB does not hold up the queue") {
    const char* step = GENERATE(static_cast<const char*>(nullptr), "parcel: handles written", "ring: claimed",
                                "outbox: parcel committed");
    troupe::sync_wait(troupe::with_timeout(60s, produce_and_die(step)));
    killing::withdraw_warrant();
}
