// Descriptors that cannot be sent: each is refused where it was called, in a sentence that says what to do.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "open_files.hpp"
#include "watched.hpp"

using namespace std::chrono_literals;

namespace {

using checks::contains;
using open_files::held_by;
using open_files::holding;
using open_files::make_wire;
using open_files::read_to_end;
using troupe::descriptor;

struct letter {
    descriptor file;
};

troupe::task<> hear_nothing(troupe::mailbox<letter> box) {
    co_await troupe::sleep_for(24h);
    co_await box.receive();
}
troupe::task<int> read_one(descriptor file) { co_return held_by(file); }

// Of open files, while it lives.
class limit {
public:
    explicit limit(rlim_t most) {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit now{most, before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &now);
    }
    limit(const limit&) = delete;
    limit& operator=(const limit&) = delete;
    ~limit() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

troupe::task<> to_the_dead() {
    const auto deaf = co_await troupe::spawn<&hear_nothing>();
    deaf.kill();
    co_await deaf.join();
    auto [near, far] = make_wire();
    letter one{std::move(far)};
    CHECK(deaf.try_send(one) == troupe::send_result::gone);
    CHECK(one.file);
    bool refused = false;
    try {
        co_await deaf.send(one);
    } catch (const troupe::actor_died&) {
        refused = true;
    }
    CHECK(refused);
    one = {};
    CHECK(read_to_end(near).empty());
}

troupe::task<> to_a_full_one() {
    if (!open_files::can_carry(1100)) {
        WARN("the limit of open files is too low here to fill a mailbox with them");
        co_return;
    }
    const auto deaf = co_await troupe::spawn<&hear_nothing>();
    const descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    letter next;
    do {
        next.file = descriptor(::fcntl(null.get(), F_DUPFD_CLOEXEC, 3));
    } while (deaf.try_send(next) == troupe::send_result::sent);
    auto [near, far] = make_wire();
    bool late = false;
    try {
        co_await troupe::with_timeout(1ms, deaf.send(letter{std::move(far)}));
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    CHECK(read_to_end(near).empty());
    CHECK(deaf.try_send(next) == troupe::send_result::full);
    CHECK(next.file);
    deaf.kill();
    co_await deaf.join();
}

template <class Awaitable>
troupe::task<bool> refused_as_too_large(Awaitable what) {
    try {
        static_cast<void>(co_await std::move(what));
    } catch (const troupe::too_large&) {
        co_return true;
    }
    co_return false;
}

troupe::task<> too_many() {
    troupe::queue<letter> q;
    const descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto another = [&] { return letter{descriptor(::fcntl(null.get(), F_DUPFD_CLOEXEC, 3))}; };
    {
        const limit low(256);
        for (int i = 0; i < 64; ++i) CHECK(q.try_put(another()));
        letter kept = another();
        std::string why;
        try {
            q.try_put(kept);
        } catch (const troupe::too_large& refused) {
            why = refused.what();
        }
        CHECK_THAT(why, contains("a quarter of the program's limit of open files") && contains("ulimit -n"));
        CHECK(kept.file);
        const bool put_refused = co_await refused_as_too_large(q.put(another()));
        CHECK(put_refused);
        const bool spawn_refused = co_await refused_as_too_large(troupe::spawn<&read_one>(holding(1)));
        CHECK(spawn_refused);
        co_await q.get();
        CHECK(q.try_put(kept));
    }
    CHECK(q.try_put(another()));
    CHECK(q.size() == 65);
}

troupe::task<int> open_as_many_as_can_be(troupe::queue<letter> q) {
    co_await troupe::sleep_for(0ms);  // its loop has descriptors of its own
    const limit low(64);
    std::vector<descriptor> all;
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) all.emplace_back(fd);
    try {
        co_await q.get();
    } catch (const troupe::too_large& refused) {
        co_return std::string(refused.what()).find("no number left") != std::string::npos ? 0 : 2;
    }
    co_return 1;
}

std::vector<descriptor> open_all_but(std::size_t spare) {
    std::vector<descriptor> all;
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) all.emplace_back(fd);
    for (; spare > 0 && !all.empty(); --spare) all.pop_back();
    return all;
}

std::size_t blocks_in_use() {
    std::size_t count = 0;
    auto& memory = troupe::channel::participant::here().memory();
    memory.blocks().for_each_used([&](auto, auto, auto) { ++count; });
    return count;
}

// It has received one before, and so has the socket for the keeper's answers: the files come, and there is no number
// for them.
troupe::task<int> receive_with_no_number(troupe::queue<letter> q) {
    const auto first = co_await q.get();
    const limit low(64);
    const std::vector<descriptor> all = open_all_but(0);
    const std::size_t before = blocks_in_use();
    for (int i = 0; i < 3; ++i) {
        const bool refused = co_await refused_as_too_large(q.get());
        if (!refused) co_return 1;
    }
    co_return blocks_in_use() == before - 6 ? 0 : 2;  // each: its message and its file
}

troupe::task<int> receive_many_with_one_number(troupe::queue<letter> q) {
    const auto first = co_await q.get();
    const limit low(64);
    const std::vector<descriptor> all = open_all_but(1);
    const auto some = co_await q.get_many(10);
    if (some.size() != 1 || held_by(some[0].file) != 1) co_return 1;
    co_return q.size() == 1 ? 0 : 2;
}

// Runs it over a queue in which four letters lie already.
template <auto Receiver>
troupe::task<int> code_of() {
    troupe::queue<letter> q;
    for (int i = 0; i < 4; ++i) co_await q.put(letter{holding(i)});
    const auto poor = co_await troupe::spawn<Receiver>(q);
    const auto end = co_await poor.join();
    co_return end.code();
}

struct become_poor {};
troupe::task<> serve_poorly(troupe::mailbox<letter, become_poor> box, troupe::queue<int> seen) {
    std::optional<limit> low;
    std::vector<descriptor> all;
    co_await box.serve([&](letter one) { seen.try_put(held_by(one.file)); },
                       [&](become_poor) {
                           low.emplace(64);
                           all = open_all_but(0);
                       });
}

troupe::task<> served_with_no_number() {
    troupe::queue<int> seen;
    const auto poor = co_await troupe::spawn<&serve_poorly>(seen);
    co_await poor.send(letter{holding(1)});
    const auto first = co_await seen.get();
    CHECK(first == 1);
    co_await poor.send(become_poor{});
    auto [near, far] = make_wire();
    co_await poor.send(letter{std::move(far)});
    CHECK(read_to_end(near).empty());
    poor.stop();
    const auto end = co_await poor.join();
    CHECK(end.success());
    CHECK(seen.size() == 0);
}

troupe::task<> no_number_left() {
    troupe::queue<letter> q;
    const auto poor = co_await troupe::spawn<&open_as_many_as_can_be>(q);
    auto [near, far] = make_wire();
    co_await q.put(letter{std::move(far)});
    const auto end = co_await poor.join();
    CHECK(end.code() == 0);
    CHECK(read_to_end(near).empty());
}

}  // namespace

TEST_CASE("descriptor: a number that is not open is refused, and so is one that cannot be") {
    CHECK_THROWS_AS(descriptor(-1), troupe::misuse);
    CHECK_THROWS_WITH(descriptor(1'000'000), contains("1000000 is not open"));
}

TEST_CASE("descriptor: a file that was closed behind its back is refused when it is sent") {
    troupe::queue<letter> q;
    letter one{holding(1)};
    ::close(one.file.get());
    CHECK_THROWS_WITH(q.try_put(one), contains("closed behind the back"));
    CHECK(std::move(one.file).release() >= 0);
    CHECK(q.size() == 0);
}

TEST_CASE("descriptor: to send it twice is misuse, and to send what was released or moved from as well") {
    troupe::queue<letter> q;
    letter one{holding(1)};
    CHECK(q.try_put(one));
    CHECK_THROWS_WITH(q.try_put(one), contains("moved away before"));
    CHECK_THROWS_AS(watched(q.put(one)), troupe::misuse);
    one.file = holding(2);
    const descriptor other(std::move(one.file).release());
    CHECK_THROWS_AS(q.try_put(one), troupe::misuse);
    CHECK(q.try_put({}));
    CHECK(q.size() == 2);
}

TEST_CASE("descriptor: beside something that cannot be sent it stays where it was") {
    struct pair {
        descriptor file;
        troupe::buffer bytes;
    };
    troupe::queue<pair> q;
    pair one{holding(3), troupe::buffer(10)};
    const troupe::buffer away = std::move(one.bytes);
    CHECK_THROWS_AS(q.try_put(one), troupe::misuse);
    CHECK_THROWS_AS(watched(q.put(one)), troupe::misuse);
    CHECK(held_by(one.file) == 3);
}

TEST_CASE("descriptor: more than 64 in a message are refused, and none of them is lost") {
    troupe::queue<std::vector<descriptor>> q;
    std::vector<descriptor> all;
    for (int i = 0; i < 65; ++i) all.push_back(holding(i));
    CHECK_THROWS_AS(q.try_put(all), troupe::too_large);
    for (int i = 0; i < 65; ++i) CHECK(held_by(all[static_cast<std::size_t>(i)]) == i);
}

TEST_CASE("descriptor: sent to a dead actor it stays with its owner") { watched(to_the_dead()); }
TEST_CASE("descriptor: sent to a full mailbox with a deadline it is closed at the deadline") {
    watched(to_a_full_one());
}
TEST_CASE("descriptor: past a quarter of the limit of open files on their way, the next is refused") {
    watched(too_many());
}
TEST_CASE("descriptor: a receiver that has no number left for it is told so") { watched(no_number_left()); }
TEST_CASE("descriptor: a message that was refused for want of a number leaves nothing in the shared memory") {
    CHECK(watched(code_of<&receive_with_no_number>()) == 0);
}
TEST_CASE("descriptor: of many that are received at once, those that came before one without a number are not lost") {
    CHECK(watched(code_of<&receive_many_with_one_number>()) == 0);
}
TEST_CASE("descriptor: an actor that serves goes on after a message for which it had no number left") {
    watched(served_with_no_number());
}
