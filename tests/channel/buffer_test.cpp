// Buffers: what moves between processes, who owns it, and when it is freed. What is left over after a test is found by
// the listener of these programs.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::buffer;
using troupe::queue;
using troupe::spawn;
using troupe::task;

constexpr std::size_t mib = std::size_t{1} << 20;

buffer filled(std::size_t size, int with) {
    buffer made(size);
    std::fill(made.bytes().begin(), made.bytes().end(), static_cast<std::byte>(with));
    return made;
}
bool all_are(const buffer& held, std::size_t size, int wanted) {
    return held.size() == size && std::all_of(held.bytes().begin(), held.bytes().end(), [wanted](std::byte one) {
               return one == static_cast<std::byte>(wanted);
           });
}

struct picture {
    using reply = buffer;
    std::string name;
    buffer pixels;
};

// Adds one to each byte, in place, and passes the same memory on.
void brighten(buffer& pixels) {
    for (std::byte& one : pixels.bytes()) one = static_cast<std::byte>(static_cast<int>(one) + 1);
}
task<> brighten_asked(troupe::mailbox<picture> inbox) {
    co_await inbox.serve([](picture p) {
        brighten(p.pixels);
        return std::move(p.pixels);
    });
}
task<> brighten_queue(queue<picture> in, queue<picture> out) {
    while (auto one = co_await in.get()) {
        brighten(one->pixels);
        co_await out.put(*one);
    }
}
task<> brighten_pipe(troupe::connection<buffer, buffer> conn) {
    while (auto one = co_await conn.receive()) {
        brighten(*one);
        co_await conn.send(*one);
    }
}
task<int> is_filled(buffer given, int with) { co_return all_are(given, given.size(), with) ? 0 : 1; }

task<> through_a_mailbox() {
    const auto painter = co_await spawn<&brighten_asked>();
    for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, mib + 1, 64 * mib}) {
        const buffer back = co_await painter.ask(picture{"one", filled(size, 7)});
        CHECK(all_are(back, size, 8));
    }
    painter.stop();
    const auto painter_status = co_await painter.join();
    CHECK(painter_status.success());
}

task<> through_a_queue() {
    queue<picture> in, out;
    const auto painter = co_await spawn<&brighten_queue>(in, out);
    for (int i = 0; i < 200; ++i) {
        picture one{std::to_string(i), filled(mib, i)};
        co_await in.put(one);
        CHECK(!one.pixels);
        CHECK(one.pixels.size() == 0);
        const auto back = co_await out.get();
        REQUIRE(back.has_value());
        CHECK(back->name == std::to_string(i));
        CHECK(all_are(back->pixels, mib, i + 1));
    }
    in.close();
    const auto painter_status = co_await painter.join();
    CHECK(painter_status.success());
}

task<> through_a_pipe() {
    auto [mine, theirs] = troupe::pipe<buffer, buffer>();
    const auto painter = co_await spawn<&brighten_pipe>(std::move(theirs));
    for (int i = 0; i < 20; ++i) {
        co_await mine.send(filled(100'000, i));
        const auto back = co_await mine.receive();
        REQUIRE(back.has_value());
        CHECK(all_are(*back, 100'000, i + 1));
    }
    mine.close();
    const auto painter_status = co_await painter.join();
    CHECK(painter_status.success());
}

task<> as_an_argument() {
    for (const auto method :
         {troupe::start_method::spawn, troupe::start_method::forkserver, troupe::start_method::fork}) {
        const auto child = co_await spawn<&is_filled>({.method = method}, filled(mib, 42), 42);
        const auto end = co_await child.join();
        INFO(to_string(end));
        CHECK(end.success());
    }
}

struct album {
    std::vector<buffer> pages;
    std::map<std::string, buffer> by_name;
    std::optional<buffer> cover;
    buffer nothing;
};

task<> many_in_one_message() {
    queue<album> q;
    album one;
    for (int i = 0; i < 10; ++i) one.pages.push_back(filled(5000, i));
    one.by_name.emplace("a", filled(10, 20));
    one.cover = filled(20, 30);
    co_await q.put(one);
    const auto back = co_await q.get();
    REQUIRE(back->pages.size() == 10);
    for (int i = 0; i < 10; ++i) CHECK(all_are(back->pages[static_cast<std::size_t>(i)], 5000, i));
    CHECK(all_are(back->by_name.at("a"), 10, 20));
    CHECK(all_are(*back->cover, 20, 30));
    CHECK(!back->nothing);
}

// The memory itself moves.
task<> nothing_is_copied() {
    queue<buffer> q;
    buffer one = filled(mib, 1);
    const std::byte* const place = one.data();
    co_await q.put(one);
    const auto back = co_await q.get();
    CHECK(back->data() == place);
}

task<> take_one_and_end(troupe::mailbox<picture> inbox) { co_await inbox.receive(); }
task<> hold_for_ever(troupe::mailbox<picture> inbox, queue<int> told) {
    const auto one = co_await inbox.receive();
    co_await told.put(1);
    co_await troupe::sleep_for(1h);
}

task<> what_is_not_received() {
    {
        queue<picture> q;  // gone with what is in it
        for (int i = 0; i < 10; ++i) co_await q.put(picture{"", filled(mib, i)});
    }
    const auto reader = co_await spawn<&take_one_and_end>();
    for (int i = 0; i < 10; ++i) {
        try {
            co_await reader.send(picture{"", filled(mib, i)});
        } catch (const troupe::actor_died&) {
        }
    }
    const auto reader_status = co_await reader.join();
    CHECK(reader_status.success());
    CHECK(reader.try_send(picture{"", filled(mib, 1)}) == troupe::send_result::gone);
}

task<> owners_that_are_killed() {
    queue<int> told;
    const auto holder = co_await spawn<&hold_for_ever>(told);
    for (int i = 0; i < 3; ++i) co_await holder.send(picture{"", filled(mib, i)});
    co_await told.get();  // one in its hands, two in its mailbox
    holder.kill();
    co_await holder.join();
}

void no_room() {
    queue<buffer> q({.capacity = 1});
    CHECK(q.try_put(filled(mib, 1)));
    buffer second = filled(mib, 2);
    CHECK_FALSE(q.try_put(second));
    CHECK(all_are(second, mib, 2));
    const auto first = q.try_get();
    CHECK(all_are(*first, mib, 1));
}

// Its parcel is packed at the first try, and sent at a later one.
task<> a_put_that_waits() {
    queue<buffer> q({.capacity = 1});
    co_await q.put(filled(10, 1));
    auto [nothing, first, second] = co_await troupe::when_all(q.put(filled(10, 2)), q.get(), q.get());
    CHECK(all_are(*first, 10, 1));
    CHECK(all_are(*second, 10, 2));
}

// A message whose handler dies is delivered again; not so one whose buffer died with the first.
task<> die_of_pictures(troupe::mailbox<picture, std::string> inbox, queue<std::string> seen) {
    co_await inbox.serve(
        [&](picture p) -> task<buffer> {
            co_await seen.put(p.name);
            raise(SIGKILL);
            co_return std::move(p.pixels);
        },
        [&](std::string text) -> task<> { co_await seen.put(text); });
}

task<> delivered_once() {
    queue<std::string> seen;
    troupe::supervisor boss;
    const auto victim = co_await boss.spawn<&die_of_pictures>({.deliveries = 3}, {.name = "victim"}, seen);
    const auto asked = [](auto whom) -> task<std::string> {
        try {
            co_await whom.ask(picture{"first", filled(mib, 1)});
        } catch (const troupe::remote_error& refused) {
            co_return refused.what();
        }
        co_return "it answered";
    };
    const auto heard = [](auto whom, queue<std::string> from) -> task<std::string> {
        co_await whom.send(std::string("second"));
        const auto first = co_await from.get();
        const auto second = co_await from.get();
        co_return *first + ' ' + *second;
    };
    const auto [refusal, order] = co_await troupe::when_all(asked(victim), heard(victim, seen));
    CHECK_THAT(refusal, checks::contains("send it anew"));
    CHECK(order == "first second");
    co_await boss.stop();
    CHECK(seen.size() == 0);
}

}  // namespace

TEST_CASE("buffer: goes with a request, and back with its reply, of every size") { watched(through_a_mailbox()); }
TEST_CASE("buffer: through a queue; what was sent is moved from") { watched(through_a_queue()); }
TEST_CASE("buffer: through a pipe") { watched(through_a_pipe()); }
TEST_CASE("buffer: as an argument, under each start method") { watched(as_an_argument()); }
TEST_CASE("buffer: many in one message, in containers, and one of nothing") { watched(many_in_one_message()); }
TEST_CASE("buffer: nothing is copied") { watched(nothing_is_copied()); }
TEST_CASE("buffer: what nobody receives is freed") { watched(what_is_not_received()); }
TEST_CASE("buffer: what a killed owner held, or had in its mailbox, is freed") { watched(owners_that_are_killed()); }
TEST_CASE("buffer: where there is no room it stays with its owner") { no_room(); }
TEST_CASE("buffer: a put that has to wait for room sends it all the same") { watched(a_put_that_waits()); }
TEST_CASE("buffer: a message that carries one is not delivered again") { watched(delivered_once()); }

TEST_CASE("buffer: moves like any owner, and is refused past 1 GiB") {
    buffer one = filled(100, 1);
    buffer other = std::move(one);
    CHECK(!one);
    CHECK(all_are(other, 100, 1));
    one = filled(200, 2);
    one = std::move(other);
    CHECK(all_are(one, 100, 1));
    CHECK(buffer(0).size() == 0);
    CHECK_THROWS_AS(buffer((std::size_t{1} << 30) + 1), troupe::too_large);
}
