// Pipes: two ways, one owner an end, and the end of the stream however it comes about.
#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::connection;
using troupe::queue;
using troupe::spawn;
using troupe::task;

using to_child = connection<int, std::string>;   // sends numbers, receives words
using to_parent = connection<std::string, int>;  // the other end

// --- actors

task<> spell(to_parent conn) {
    while (auto n = co_await conn.receive()) co_await conn.send(std::string(static_cast<std::size_t>(*n), 'i'));
}
task<> send_three_and_end(to_parent conn) {
    for (const char* word : {"one", "two", "three"}) co_await conn.send(word);
}
task<> send_three_and_die(to_parent conn) {
    for (const char* word : {"one", "two", "three"}) co_await conn.send(word);
    raise(SIGKILL);
}
task<> close_and_wait(to_parent conn, queue<int> gate) {
    conn.close();
    co_await gate.get();
}
task<> wait_for_connection(troupe::mailbox<to_parent> inbox) {
    auto conn = co_await inbox.receive();
    co_await conn->send("came by message");
}
task<> pass_on(to_parent conn) {
    const auto next = co_await spawn<spell>(std::move(conn));
    co_await next.join();
}

task<> fill_and_send_one_more(to_parent conn, queue<int> full, queue<int> go, queue<int> done) {
    int sent = 0;
    while (conn.try_send("word")) ++sent;
    co_await full.put(sent);
    co_await go.get();
    co_await conn.send("one more");
    co_await done.put(1);
}

// --- bodies

task<std::vector<std::string>> read_out(to_child conn) {
    std::vector<std::string> words;
    while (auto word = co_await conn.receive()) words.push_back(*word);
    co_return words;
}

task<> read_one_and_wait_for_the_sender() {
    auto [mine, yours] = troupe::pipe<int, std::string>();
    queue<int> full, go, done;
    const auto sender = co_await spawn<fill_and_send_one_more>(std::move(yours), full, go, done);
    const auto full_item = co_await full.get();
    CHECK(*full_item > 0);
    const auto mine_item = co_await mine.receive();
    CHECK(*mine_item == "word");
    co_await go.put(1);
    const auto done_item = co_await done.get();
    CHECK(*done_item == 1);
    mine.close();
    co_await sender.join();
}

// Both ends are this process's: whoever waits for room in it is not rung.
task<> read_one_and_wait_for_oneself() {
    auto [mine, yours] = troupe::pipe<std::string, int>();
    const std::string line(1000, '-');
    while (mine.try_send(line)) {
    }
    queue<int> through;
    const auto send_one_more = [](connection<std::string, int>& to, std::string line, queue<int> through) -> task<> {
        co_await to.send(line);
        co_await through.put(1);
    };
    const auto read_one = [](connection<int, std::string>& from, queue<int> through) -> task<> {
        co_await from.receive();
        co_await through.get();
    };
    co_await troupe::when_all(send_one_more(mine, line, through), read_one(yours, through));
}

template <auto Fn>
task<> talk_with() {
    auto [mine, yours] = troupe::pipe<int, std::string>();
    const auto one = co_await spawn<Fn>(std::move(yours));
    REQUIRE_FALSE(yours);
    for (const int n : {1, 2, 3, 40}) {
        co_await mine.send(n);
        const auto mine_item = co_await mine.receive();
        REQUIRE(mine_item->size() == static_cast<std::size_t>(n));
    }
    mine.close();
    const auto one_status = co_await one.join();
    REQUIRE(one_status.code() == 0);
}

template <auto Fn>
task<std::vector<std::string>> words_of() {
    auto [mine, yours] = troupe::pipe<int, std::string>();
    const auto one = co_await spawn<Fn>(std::move(yours));
    co_await one.join();
    co_return co_await read_out(std::move(mine));
}

task<> end_by_close() {
    queue<int> gate;
    auto [mine, yours] = troupe::pipe<int, std::string>();
    const auto one = co_await spawn<close_and_wait>(std::move(yours), gate);
    const auto mine_item = co_await mine.receive();
    REQUIRE_FALSE(mine_item);
    bool refused = false;
    while (!refused) {  // the two directions end one after the other
        try {
            co_await mine.send(1);
        } catch (const troupe::closed&) {
            refused = true;
        }
    }
    REQUIRE_THROWS_AS(mine.try_send(1), troupe::closed);
    co_await gate.put(0);
    co_await one.join();
}

task<> end_by_destruction() {
    auto [mine, yours] = troupe::pipe<int, int>();
    {
        const auto gone = std::move(yours);
        co_await gone.send(5);
    }
    auto mine_item = co_await mine.receive();
    REQUIRE(*mine_item == 5);
    mine_item = co_await mine.receive();
    REQUIRE_FALSE(mine_item);
}

task<> end_by_assignment() {
    auto [mine, yours] = troupe::pipe<int, int>();
    auto [left, right] = troupe::pipe<int, int>();
    yours = std::move(right);
    const auto mine_item = co_await mine.receive();
    REQUIRE_FALSE(mine_item);
    co_await left.send(6);
    const auto yours_item = co_await yours.receive();
    REQUIRE(*yours_item == 6);
}

task<> moved_into_message() {
    auto [mine, yours] = troupe::pipe<int, std::string>();
    const auto one = co_await spawn<wait_for_connection>();
    co_await one.send(yours);
    REQUIRE_FALSE(yours);
    auto mine_item = co_await mine.receive();
    REQUIRE(*mine_item == "came by message");
    mine_item = co_await mine.receive();
    REQUIRE_FALSE(mine_item);
    co_await one.join();
}

task<> lost_on_its_way() {
    auto [mine, yours] = troupe::pipe<int, std::string>();
    {
        queue<to_parent> unread;
        co_await unread.put(yours);
    }
    const auto mine_item = co_await mine.receive();
    REQUIRE_FALSE(mine_item);  // nobody can ever have the other end
}

task<> after_move() {
    auto [mine, yours] = troupe::pipe<int, std::string>();
    const auto kept = std::move(mine);
    REQUIRE_THROWS_AS(mine.try_send(1), troupe::misuse);
    REQUIRE_THROWS_AS(mine.try_receive(), troupe::misuse);
    REQUIRE_THROWS_AS(mine.send(1), troupe::misuse);
    REQUIRE_THROWS_AS(mine.receive(), troupe::misuse);
    mine.close();  // of nothing
    REQUIRE(kept.try_send(2));
    REQUIRE(yours.try_receive() == 2);
    co_return;
}

task<> no_owner() {
    const to_child nothing;
    REQUIRE_FALSE(nothing);
    REQUIRE_THROWS_AS(nothing.try_send(1), troupe::misuse);
    co_return;
}

task<> full_pipe() {
    auto [mine, yours] = troupe::pipe<std::string, int>();
    const std::string line(1000, '-');
    int sent = 0;
    while (mine.try_send(line)) ++sent;
    REQUIRE(sent > 0);
    const auto first = co_await troupe::when_any(mine.send(line), troupe::sleep_for(5ms));
    REQUIRE(first.index() == 1);
    for (int i = 0; i < sent; ++i) REQUIRE(yours.try_receive() == line);
    REQUIRE_FALSE(yours.try_receive());
    REQUIRE(mine.try_send(line));
}

task<> close_soon(connection<std::string, int>& one) {
    co_await troupe::yield();
    one.close();
}
task<> send_until_refused(connection<std::string, int>& to, std::string line, bool& refused) {
    try {
        for (;;) co_await to.send(line);
    } catch (const troupe::closed&) {
        refused = true;
    }
}

// What was packed beside the ring for a send that waits goes with it.
task<> closed_while_a_large_one_waits() {
    auto [mine, yours] = troupe::pipe<std::string, int>();
    const std::string large(5000, '-');
    while (mine.try_send(large)) {
    }
    bool refused = false;
    co_await troupe::when_all(send_until_refused(mine, large, refused), close_soon(mine));
    CHECK(refused);
}

// The sender has had its share of the turn, and waits for the next one, when the connection is closed.
task<> closed_before_its_turn() {
    auto [mine, yours] = troupe::pipe<std::string, int>();
    bool refused = false;
    co_await troupe::when_all(send_until_refused(mine, "word", refused), close_soon(mine));
    CHECK(refused);
    std::size_t words = 0;
    while (co_await yours.receive()) ++words;
    CHECK(words >= 200);
}

// A wait that is kept finds the end of what it was made for.
task<> closed_before_the_await() {
    auto [mine, yours] = troupe::pipe<std::string, int>();
    const std::vector<std::string> words(3, "word");
    auto receive = mine.receive();
    auto send = mine.send(words[0]);
    auto send_many = mine.send_many(words);
    mine.close();
    const auto got = co_await receive;
    CHECK_FALSE(got);
    int refused = 0;
    try {
        co_await send;
    } catch (const troupe::closed&) {
        ++refused;
    }
    try {
        co_await send_many;
    } catch (const troupe::closed&) {
        ++refused;
    }
    CHECK(refused == 2);
}

task<> race_lost() {
    auto [mine, yours] = troupe::pipe<int, int>();
    for (int i = 0; i < 20; ++i) {
        const auto first = co_await troupe::when_any(yours.receive(), troupe::yield());
        REQUIRE(first.index() == 1);
        co_await mine.send(i);
        const auto yours_item = co_await yours.receive();
        REQUIRE(*yours_item == i);
    }
}

}  // namespace

TEST_CASE("pipe: whoever read from a full one and then waits for its sender has made room for it") {
    watched(read_one_and_wait_for_the_sender());
}

TEST_CASE("pipe: a process that sleeps has made room for its own senders first") {
    watched(read_one_and_wait_for_oneself());
}

TEST_CASE("pipe: what one end sends the other receives, both ways") { watched(talk_with<spell>()); }

TEST_CASE("pipe: an end that was moved into a child may be moved on") { watched(talk_with<pass_on>()); }

TEST_CASE("pipe: an end may be moved into a message") { watched(moved_into_message()); }

TEST_CASE("pipe: an end in a message that nobody will receive is closed") { watched(lost_on_its_way()); }

TEST_CASE("pipe: when the owner of the other end has ended, what it sent is read and the stream ends") {
    CHECK(watched(words_of<send_three_and_end>()) == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("pipe: when the owner of the other end was killed, what it sent is read and the stream ends") {
    CHECK(watched(words_of<send_three_and_die>()) == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("pipe: close ends the stream for the other side, which can no longer send") { watched(end_by_close()); }

TEST_CASE("pipe: a connection that is destroyed is closed") { watched(end_by_destruction()); }

TEST_CASE("pipe: a connection that is assigned to closes what it held") { watched(end_by_assignment()); }

TEST_CASE("pipe: a connection that was moved from throws misuse") { watched(after_move()); }

TEST_CASE("pipe: a default-constructed connection throws misuse") { watched(no_owner()); }

TEST_CASE("pipe: send waits while the pipe is full") { watched(full_pipe()); }

TEST_CASE("pipe: a receive that lost a race has taken nothing") { watched(race_lost()); }

TEST_CASE("pipe: a send of a large message that waits is refused when its connection is closed") {
    watched(closed_while_a_large_one_waits());
}

TEST_CASE("pipe: a send whose turn is still to come is refused when its connection is closed") {
    watched(closed_before_its_turn());
}

TEST_CASE("pipe: a wait that was made before its connection was closed finds the end") {
    watched(closed_before_the_await());
}
