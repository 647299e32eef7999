// Descriptors in messages: an open file arrives in the process that receives it, and is closed where nobody does. What
// the keeper still has after a test is found by the listener of these programs, because it is a thread of this process.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "open_files.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using open_files::held_by;
using open_files::holding;
using open_files::make_wire;
using open_files::read_to_end;
using open_files::write_to;
using troupe::descriptor;
using troupe::queue;
using troupe::spawn;
using troupe::task;

struct dictation {
    std::string text;
    descriptor to;
};

task<> write_mail(troupe::mailbox<dictation> inbox) {
    while (auto one = co_await inbox.receive()) write_to(one->to, one->text);
}
task<> write_items(queue<dictation> items) {
    while (auto one = co_await items.get()) write_to(one->to, one->text);
}
task<> write_from_pipe(troupe::connection<int, dictation> conn) {
    while (auto one = co_await conn.receive()) {
        write_to(one->to, one->text);
        co_await conn.send(1);
    }
}
task<int> write_argument(descriptor to, std::string text) { co_return write_to(to, text) ? 0 : 1; }

task<> through_a_mailbox() {
    const auto writer = co_await spawn<&write_mail>();
    for (int i = 0; i < 50; ++i) {
        auto [near, far] = make_wire();
        co_await writer.send(dictation{std::to_string(i), std::move(far)});
        CHECK(read_to_end(near) == std::to_string(i));
    }
    writer.stop();
    const auto end = co_await writer.join();
    CHECK(end.success());
}

task<> through_a_queue() {
    queue<dictation> items;
    const auto writer = co_await spawn<&write_items>(items);
    for (int i = 0; i < 50; ++i) {
        auto [near, far] = make_wire();
        dictation one{std::to_string(i), std::move(far)};
        co_await items.put(one);
        CHECK(!one.to);
        CHECK(one.to.get() == -1);
        CHECK(read_to_end(near) == std::to_string(i));
    }
    items.close();
    const auto end = co_await writer.join();
    CHECK(end.success());
}

task<> through_a_pipe() {
    auto [mine, theirs] = troupe::pipe<dictation, int>();
    const auto writer = co_await spawn<&write_from_pipe>(std::move(theirs));
    for (int i = 0; i < 10; ++i) {
        auto [near, far] = make_wire();
        co_await mine.send(dictation{std::to_string(i), std::move(far)});
        CHECK(read_to_end(near) == std::to_string(i));
        const auto done = co_await mine.receive();
        CHECK(done == 1);
    }
    mine.close();
    const auto end = co_await writer.join();
    CHECK(end.success());
}

task<> as_an_argument() {
    for (const auto method :
         {troupe::start_method::spawn, troupe::start_method::forkserver, troupe::start_method::fork}) {
        auto [near, far] = make_wire();
        const auto child = co_await spawn<&write_argument>({.method = method}, std::move(far), "hello");
        CHECK(read_to_end(near) == "hello");
        const auto end = co_await child.join();
        CHECK(end.success());
    }
}

struct number_please {
    using reply = descriptor;
    int number = 0;
};
task<> hand_out(troupe::mailbox<number_please> inbox) {
    co_await inbox.serve([](number_please m) { return holding(m.number); });
}
descriptor hand_out_one(int number) { return holding(number); }

task<> as_a_reply() {
    const auto source = co_await spawn<&hand_out>();
    for (int i = 0; i < 10; ++i) {
        const descriptor got = co_await source.ask(number_please{i});
        CHECK(held_by(got) == i);
    }
    source.stop();
    co_await source.join();
    const descriptor called = co_await troupe::call<&hand_out_one>(77);
    CHECK(held_by(called) == 77);
}

struct nest {
    std::vector<descriptor> list;
    std::map<std::string, descriptor> by_name;
    std::optional<descriptor> maybe, nothing;
    std::variant<int, descriptor> either;
    std::tuple<int, descriptor> both;
    descriptor empty;
};

task<> nested() {
    queue<nest> q;
    nest one;
    for (int i = 0; i < 20; ++i) one.list.push_back(holding(i));
    one.by_name.emplace("a", holding(100));
    one.maybe = holding(101);
    one.either = holding(102);
    std::get<1>(one.both) = holding(103);
    co_await q.put(one);
    const auto back = co_await q.get();
    REQUIRE(back->list.size() == 20);
    for (int i = 0; i < 20; ++i) CHECK(held_by(back->list[static_cast<std::size_t>(i)]) == i);
    CHECK(held_by(back->by_name.at("a")) == 100);
    CHECK(held_by(*back->maybe) == 101);
    CHECK(!back->nothing);
    CHECK(held_by(std::get<descriptor>(back->either)) == 102);
    CHECK(held_by(std::get<1>(back->both)) == 103);
    CHECK(!back->empty);
}

task<> beside_others() {
    struct mixed {
        descriptor file;
        troupe::buffer bytes;
        queue<int> numbers;
    };
    queue<mixed> q;
    mixed one{holding(1), troupe::buffer(100), {}};
    one.numbers.try_put(2);
    co_await q.put(one);
    const auto back = co_await q.get();
    CHECK(held_by(back->file) == 1);
    CHECK(back->bytes.size() == 100);
    CHECK(back->numbers.try_get() == 2);
}

task<> many_at_once() {
    queue<std::vector<descriptor>> q;
    std::vector<descriptor> most;
    for (int i = 0; i < 64; ++i) most.push_back(holding(i));
    co_await q.put(most);
    const auto back = co_await q.get();
    for (int i = 0; i < 64; ++i) CHECK(held_by((*back)[static_cast<std::size_t>(i)]) == i);

    auto [mine, theirs] = troupe::pipe<descriptor, int>();
    std::vector<descriptor> row;
    for (int i = 0; i < 20; ++i) row.push_back(holding(i));
    co_await mine.send_many(row);
    for (int i = 0; i < 20; ++i) {
        const auto one = co_await theirs.receive();
        CHECK(held_by(*one) == i);
    }
}

task<> take_one_and_end(troupe::mailbox<dictation> inbox) { co_await inbox.receive(); }
task<> hold_for_ever(troupe::mailbox<dictation> inbox, queue<int> told) {
    const auto one = co_await inbox.receive();
    co_await told.put(1);
    co_await troupe::sleep_for(1h);
}

task<> what_is_not_received() {
    auto [near, far] = make_wire();
    {
        queue<dictation> q;  // gone with what is in it
        co_await q.put(dictation{"", std::move(far)});
    }
    CHECK(read_to_end(near).empty());

    const auto reader = co_await spawn<&take_one_and_end>();
    std::vector<descriptor> nears;
    for (int i = 0; i < 5; ++i) {
        auto next = make_wire();
        nears.push_back(std::move(next.near));
        try {
            co_await reader.send(dictation{"", std::move(next.far)});
        } catch (const troupe::actor_died&) {
        }
    }
    const auto end = co_await reader.join();
    CHECK(end.success());
    for (const descriptor& one : nears) CHECK(read_to_end(one).empty());
}

task<> owners_that_are_killed() {
    queue<int> told;
    const auto holder = co_await spawn<&hold_for_ever>(told);
    std::vector<descriptor> nears;
    for (int i = 0; i < 3; ++i) {
        auto next = make_wire();
        nears.push_back(std::move(next.near));
        co_await holder.send(dictation{"", std::move(next.far)});
    }
    co_await told.get();  // one in its hands, two in its mailbox
    holder.kill();
    co_await holder.join();
    for (const descriptor& one : nears) CHECK(read_to_end(one).empty());
}

void no_room() {
    queue<descriptor> q({.capacity = 1});
    CHECK(q.try_put(holding(1)));
    const descriptor second = holding(2);
    const int number = second.get();
    for (int i = 0; i < 3; ++i) CHECK_FALSE(q.try_put(second));
    CHECK(second.get() == number);
    q.close();
    CHECK_THROWS_AS(q.try_put(second), troupe::closed);
    CHECK(held_by(second) == 2);
    const auto first = q.try_get();
    CHECK(held_by(*first) == 1);
}

// Its parcel is packed at the first try, and sent at a later one.
task<> a_put_that_waits() {
    queue<descriptor> q({.capacity = 1});
    co_await q.put(holding(1));
    auto [nothing, first, second] = co_await troupe::when_all(q.put(holding(2)), q.get(), q.get());
    CHECK(held_by(*first) == 1);
    CHECK(held_by(*second) == 2);
}

task<> hear_nothing(troupe::mailbox<descriptor> inbox) {
    co_await troupe::sleep_for(1h);
    co_await inbox.receive();
}

// 64 KiB each, of 64 MiB.
task<> a_full_mailbox() {
    if (!open_files::can_carry(1100)) {
        WARN("the limit of open files is too low here to fill a mailbox with them");
        co_return;
    }
    const auto deaf = co_await spawn<&hear_nothing>();
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    descriptor next(::fcntl(null, F_DUPFD_CLOEXEC, 3));
    int sent = 0;
    while (deaf.try_send(next) == troupe::send_result::sent) {
        ++sent;
        next = descriptor(::fcntl(null, F_DUPFD_CLOEXEC, 3));
    }
    CHECK(sent > 1000);
    CHECK(sent <= 1024);
    CHECK(next);
    ::close(null);
    deaf.kill();
    co_await deaf.join();
}

// It is the same open file: what one process reads of it, the other does not see again.
task<> one_open_file() {
    queue<descriptor> q;
    descriptor file = holding(1);
    const int kept = ::fcntl(file.get(), F_DUPFD_CLOEXEC, 3);
    co_await q.put(file);
    const auto back = co_await q.get();
    CHECK((::fcntl(back->get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(held_by(descriptor(kept)) == 1);
    char more = 0;
    CHECK(::read(back->get(), &more, 1) == 0);
}

task<> waits_that_end_in_another_way() {
    queue<descriptor> q({.capacity = 1});
    co_await q.put(holding(1));
    auto [near, far] = make_wire();
    bool late = false;
    try {
        co_await troupe::with_timeout(1ms, q.put(far));
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    CHECK(!far);
    CHECK(read_to_end(near).empty());
    auto other = make_wire();
    const auto which = co_await troupe::when_any(q.put(other.far), troupe::sleep_for(1ms));
    CHECK(which.index() == 1);
    CHECK(read_to_end(other.near).empty());
}

// --- supervised

struct serve {
    using reply = std::string;
    std::string text;
    descriptor client;
};
struct crash {};

task<> serve_and_crash(troupe::mailbox<crash, dictation, serve> inbox, queue<std::string> done) {
    co_await inbox.serve([](crash) { raise(SIGKILL); },
                         [&](dictation m) -> task<> {
                             write_to(m.to, m.text);
                             m.to = descriptor();
                             co_await done.put(m.text);
                         },
                         [](serve m) {
                             if (m.text == "crash") raise(SIGKILL);
                             return m.text;
                         });
}

task<> the_next_incarnation() {
    queue<std::string> done;
    troupe::supervisor boss;
    const auto worker = co_await boss.spawn<&serve_and_crash>({.name = "worker"}, done);
    kill(worker.pid(), SIGSTOP);
    co_await worker.send(crash{});
    auto [near, far] = make_wire();
    co_await worker.send(dictation{"unread", std::move(far)});
    kill(worker.pid(), SIGCONT);
    const auto text = co_await done.get();
    CHECK(text == "unread");
    CHECK(read_to_end(near) == "unread");
    CHECK(boss.restarts() == 1);
    co_await boss.stop();
}

task<> delivered_once() {
    queue<std::string> done;
    troupe::supervisor boss;
    const auto worker = co_await boss.spawn<&serve_and_crash>({.deliveries = 3}, {.name = "worker"}, done);
    auto [near, far] = make_wire();
    std::string refusal = "it answered";
    try {
        co_await worker.ask(serve{"crash", std::move(far)});
    } catch (const troupe::remote_error& refused) {
        refusal = refused.what();
    }
    CHECK_THAT(refusal, checks::contains("send it anew"));
    CHECK(read_to_end(near).empty());
    co_await boss.stop();
}

struct reader {
    int read(const descriptor& from) { return held_by(from); }
};

task<> to_an_object() {
    const auto far = co_await troupe::host<reader>();
    const int read = co_await far.call<&reader::read>(holding(12));
    CHECK(read == 12);
    far.stop();
    co_await far.join();
}

}  // namespace

TEST_CASE("descriptor: through a mailbox; its receiver writes to it and closes it") { watched(through_a_mailbox()); }
TEST_CASE("descriptor: through a queue; what was sent is moved from") { watched(through_a_queue()); }
TEST_CASE("descriptor: through a pipe") { watched(through_a_pipe()); }
TEST_CASE("descriptor: as an argument, under each start method") { watched(as_an_argument()); }
TEST_CASE("descriptor: as a reply, and as what a call gives") { watched(as_a_reply()); }
TEST_CASE("descriptor: in containers, an optional, a variant and a tuple, and an empty one") { watched(nested()); }
TEST_CASE("descriptor: beside a buffer and a queue") { watched(beside_others()); }
TEST_CASE("descriptor: 64 in one message, and many messages at once") { watched(many_at_once()); }
TEST_CASE("descriptor: what nobody receives is closed") { watched(what_is_not_received()); }
TEST_CASE("descriptor: what a killed owner held, or had in its mailbox, is closed") {
    watched(owners_that_are_killed());
}
TEST_CASE("descriptor: where there is no room it stays with its owner") { no_room(); }
TEST_CASE("descriptor: a put that has to wait for room sends it all the same") { watched(a_put_that_waits()); }
TEST_CASE("descriptor: a mailbox takes some thousand that are not read") { watched(a_full_mailbox()); }
TEST_CASE("descriptor: what arrives is the same open file, closed on exec") { watched(one_open_file()); }
TEST_CASE("descriptor: a wait that ends without having sent closes it") { watched(waits_that_end_in_another_way()); }
TEST_CASE("descriptor: what was not read goes to the next incarnation") { watched(the_next_incarnation()); }
TEST_CASE("descriptor: a message that carries one is not delivered again once it was taken out") {
    watched(delivered_once());
}

TEST_CASE("descriptor: as an argument of an object's function") { watched(to_an_object()); }

TEST_CASE("descriptor: moves like any owner, and closes what it has") {
    auto [near, far] = make_wire();
    const int number = far.get();
    descriptor other = std::move(far);
    CHECK(!far);
    CHECK(other.get() == number);
    far = std::move(other);
    CHECK(far.get() == number);
    CHECK(std::move(far).release() == number);
    CHECK(!far);
    CHECK(far.get() == -1);
    other = descriptor(number);
    other = descriptor();
    CHECK(read_to_end(near).empty());
}
