// What an actor keeps when its supervisor starts it again, and what is lost.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

using namespace team;

namespace {

troupe::task<std::string> what_died(worker_reference one, int signal) {
    try {
        co_await one.ask(die{signal});
    } catch (const troupe::actor_died& death) {
        co_return std::to_string(death.status().code());
    }
    co_return "it answered";
}

troupe::task<> reference_stays_good() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<worker>({.name = "clerk"});
    const int pid = co_await one.ask(its_pid{}, 20s);
    const auto died_of = co_await what_died(one, SIGSEGV);
    CHECK(died_of == "-11");
    const auto count = co_await one.ask(incarnation{}, 20s);
    CHECK(count == 1);
    const int next_pid = co_await one.ask(its_pid{}, 20s);
    CHECK(next_pid != pid);
    CHECK(one.name() == "clerk");
    CHECK(one.alive());
    CHECK(crew.restarts() == 1);
    co_await crew.stop();
    CHECK_FALSE(one.alive());
    const auto one_status = co_await one.join();
    CHECK(one_status.code() == 0);
}

troupe::task<> waiting_messages_are_served(int times) {
    troupe::supervisor crew({.max_restarts = 10});
    auto one = co_await crew.spawn<worker>({.name = "clerk"});
    for (int round = 0; round < times; ++round) {
        auto dying = troupe::when_all(what_died(one, SIGKILL), one.ask(noted{}, 20s), one.ask(incarnation{}, 20s));
        const auto [death, numbers, number] = co_await std::move(dying);
        CHECK(death == "-9");
        CHECK(numbers.empty());
        CHECK(number == static_cast<unsigned>(round + 1));
    }
    co_await crew.stop();
}

// Fills the mailbox, kills the actor while a sender waits for room.
troupe::task<> slow_reader(troupe::mailbox<note> inbox, troupe::queue<int> seen) {
    while (auto m = co_await inbox.receive()) co_await seen.put(m->number);
}

troupe::task<> full_sender(troupe::actor<note> to, int count) {
    for (int i = 0; i < count; ++i) co_await to.send(note{i});
}

troupe::task<> senders_wait_through_a_restart() {
    constexpr int count = 20'000;  // some times as many as the mailbox holds
    troupe::queue<int> seen({.capacity = 64});
    troupe::supervisor crew({.max_restarts = 100});
    auto one = co_await crew.spawn<slow_reader>({.mailbox = 64 << 10}, seen);
    auto other = co_await troupe::spawn<full_sender>(one, count);
    int kills = 0;
    std::vector<int> got;
    while (static_cast<int>(got.size()) + kills < count || other.alive()) {
        try {
            const auto next = co_await troupe::with_timeout(20s, seen.get());
            got.push_back(*next);
            if (*next == count - 1) break;
        } catch (const troupe::timed_out&) {
            FAIL_CHECK("stalled after " << got.size());
            break;
        }
        if (got.size() % 4'000 == 2'000) {
            one.kill();
            ++kills;
        }
    }
    const auto other_status = co_await other.join();
    CHECK(other_status.success());
    CHECK(std::is_sorted(got.begin(), got.end()));
    CHECK(std::adjacent_find(got.begin(), got.end()) == got.end());
    // Each kill may take the one message it had in hand.
    CHECK(static_cast<int>(got.size()) >= count - kills);
    CHECK(kills >= 3);
    co_await crew.stop();
}

// Dies with an item in hand, again and again, while nobody else reads the queue: more often than the owner numbers of
// its slot can tell apart.
troupe::task<> frail_consumer(troupe::queue<int> items, troupe::queue<int> done, unsigned deaths) {
    while (const auto one = co_await items.get()) {
        if (troupe::this_actor::incarnation() < deaths) die_now(SIGKILL);
        co_await done.put(*one);
    }
}

troupe::task<> dies_with_the_items() {
    constexpr unsigned deaths = 40;
    constexpr int after = 10, count = static_cast<int>(deaths) + after;
    troupe::queue<int> items({.capacity = 64}), done;
    troupe::supervisor crew({.max_restarts = deaths, .back_off = 0ns});
    for (int i = 0; i < count; ++i) co_await items.put(i);
    co_await crew.spawn<frail_consumer>({}, items, done, deaths);
    // Each death may take the item in hand with it, or leave it for the next.
    int last = -1;
    for (int got = 0; got < after; ++got) {
        const auto next = co_await troupe::with_timeout(20s, done.get());
        CHECK(*next > last);
        last = *next;
    }
    CHECK(crew.restarts() == deaths);
    co_await crew.stop();
}

// A message beside the ring that the dead process had not come to.
struct parcel {
    using reply = std::size_t;
    std::vector<char> bytes;
};
troupe::task<> weigher(troupe::mailbox<die, parcel> inbox) {
    co_await inbox.serve([](die m) { return die_now(m.signal); }, [](parcel m) { return m.bytes.size(); });
}

troupe::task<> large_messages_wait_too() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<weigher>({});
    const parcel large{std::vector<char>(1 << 20, 'x')};
    bool died = false;
    auto fatal = [&]() -> troupe::task<> {
        try {
            co_await one.ask(die{});
        } catch (const troupe::actor_died&) {
            died = true;
        }
    };
    auto both = troupe::when_all(fatal(), one.ask(large, 20s), one.ask(large, 20s));
    const auto [nothing, first, second] = co_await std::move(both);
    static_cast<void>(nothing);
    CHECK(died);
    CHECK(first == large.bytes.size());
    CHECK(second == large.bytes.size());
    co_await crew.stop();
}

// Two incarnations of an asker: the reply to the first is none to the second.
struct put_off {
    using reply = int;
};
struct answer_all {
    using reply = int;
};
troupe::task<> procrastinator(troupe::mailbox<put_off, answer_all> inbox) {
    std::vector<troupe::request<put_off>> later;
    for (;;) {
        auto next = co_await inbox.receive();
        if (!next) co_return;
        if (auto* one = std::get_if<troupe::request<put_off>>(&*next)) {
            later.push_back(std::move(*one));
        } else {
            for (auto& each : later) each.reply(static_cast<int>(later.size()));
            std::get<troupe::request<answer_all>>(*next).reply(static_cast<int>(later.size()));
            later.clear();
        }
    }
}
troupe::task<> impatient(troupe::mailbox<die> inbox, troupe::actor<put_off> of, troupe::queue<int> answers) {
    auto asked = [](troupe::actor<put_off> whom, troupe::queue<int> into) -> troupe::task<> {
        co_await into.put(co_await whom.ask(put_off{}));
    };
    auto serving = [](troupe::mailbox<die> box) -> troupe::task<> {
        co_await box.serve([](die m) { return die_now(m.signal); });
    };
    co_await troupe::when_all(asked(of, answers), serving(std::move(inbox)));
}

troupe::task<> late_replies_are_dropped() {
    troupe::queue<int> answers;
    troupe::supervisor crew;
    auto later = co_await troupe::spawn<procrastinator>();
    auto one = co_await crew.spawn<impatient>({}, later, answers);
    bool died = false;
    try {
        co_await one.ask(die{});
    } catch (const troupe::actor_died&) {
        died = true;
    }
    CHECK(died);
    // Both incarnations have asked by now or will: the second alone hears.
    int pending = 0;
    while (pending < 2) pending += co_await later.ask(answer_all{}, 20s) > 0 ? 2 : 0;
    int heard = 0;
    while (heard == 0) {
        if (answers.try_get()) ++heard;
        if (heard == 0) co_await later.ask(answer_all{}, 20s);
    }
    CHECK_FALSE(answers.try_get());
    co_await crew.stop();
    later.stop();
    co_await later.join();
}

// As many incarnations as there are owner numbers of a slot, and one more: its requests look like those of the first.
troupe::task<> keep_asking(troupe::mailbox<die> inbox, troupe::actor<put_off> of, troupe::queue<int> answers) {
    co_await troupe::when_all(
        [](troupe::actor<put_off> whom, troupe::queue<int> into) -> troupe::task<> {
            co_await into.put(co_await whom.ask(put_off{}));
        }(of, answers),
        [](troupe::mailbox<die> box) -> troupe::task<> {
            co_await box.serve([](die m) { return die_now(m.signal); });
        }(std::move(inbox)));
}

// Answers each request with how many came before it.
troupe::task<> in_turn(troupe::mailbox<put_off> inbox, std::size_t count, troupe::queue<int> taken) {
    std::vector<troupe::request<put_off>> later;
    while (later.size() < count) {
        auto next = co_await inbox.receive();
        if (!next) co_return;
        later.push_back(std::move(*next));
        co_await taken.put(static_cast<int>(later.size()));
    }
    for (std::size_t i = 0; i < later.size(); ++i) later[i].reply(static_cast<int>(i));
    while (co_await inbox.receive()) continue;
}

troupe::task<> replies_tell_incarnations_apart() {
    constexpr int deaths = 15;
    troupe::queue<int> answers, taken;
    troupe::supervisor crew({.max_restarts = deaths, .back_off = 0ns});
    const auto later = co_await troupe::spawn<in_turn>(std::size_t{deaths + 1}, taken);
    const auto one = co_await crew.spawn<keep_asking>({}, later, answers);
    for (int i = 0; i < deaths; ++i) {
        co_await troupe::with_timeout(20s, taken.get());
        try {
            co_await one.ask(die{}, 20s);
        } catch (const troupe::actor_died&) {
        }
    }
    const auto heard = co_await troupe::with_timeout(20s, answers.get());
    CHECK(*heard == deaths);
    co_await crew.stop();
    later.stop();
    co_await later.join();
}

// --- while a core is written

struct leave_a_core {
    using reply = int;
};
using dumper_reference = troupe::actor<leave_a_core, incarnation>;

troupe::task<> dumper(troupe::mailbox<leave_a_core, incarnation> inbox) {
    const std::vector<char> much(std::size_t{32} << 20, 'x');  // so that it takes a while
    co_await inbox.serve(
        [](leave_a_core) {
            rlimit most{};
            getrlimit(RLIMIT_CORE, &most);
            most.rlim_cur = most.rlim_max;
            setrlimit(RLIMIT_CORE, &most);
            std::abort();
            return 0;
        },
        [](incarnation) { return troupe::this_actor::incarnation(); });
}

// Waits until the kernel writes the core of a process; false when that was never seen, and it is gone.
troupe::task<bool> is_dumped(pid_t pid) {
    for (;;) {
        std::ifstream status("/proc/" + std::to_string(pid) + "/status");
        if (!status) co_return false;
        for (std::string line; std::getline(status, line);) {
            if (line == "CoreDumping:\t1") co_return true;
        }
        co_await troupe::yield();
    }
}

troupe::task<> core_is_written(bool killed_meanwhile) {
    const temporary_folder folder;
    troupe::supervisor crew;
    auto one = co_await crew.spawn<dumper>({.name = "dumper", .directory = folder.path()});
    const pid_t pid = one.pid();
    const auto meanwhile = [](dumper_reference who, pid_t process, bool kills) -> troupe::task<> {
        if (co_await is_dumped(process) && kills) who.kill();
    };
    int signal = 0;
    try {
        co_await troupe::with_timeout(20s,
                                      troupe::when_all(one.ask(leave_a_core{}), meanwhile(one, pid, killed_meanwhile)));
    } catch (const troupe::actor_died& death) {
        signal = death.status().signal();
    }
    CHECK((signal == SIGABRT || (killed_meanwhile && signal == SIGKILL)));
    const auto one_restarted = co_await becomes(one, 1);
    CHECK(one_restarted);
    co_await crew.stop();
}

}  // namespace

TEST_CASE("supervisor: a child that crashes is started again, and its reference and name stay good") {
    watched(reference_stays_good());
}

TEST_CASE("supervisor: only whoever sent the fatal message hears of it; what waits is served by the next incarnation") {
    watched(waiting_messages_are_served(3));
}

TEST_CASE("supervisor: senders that wait for room go on through restarts, and at most the message in hand is lost") {
    watched(senders_wait_through_a_restart());
}

TEST_CASE("supervisor: a child that dies with each item of a queue it alone reads is started again each time") {
    watched(dies_with_the_items());
}

TEST_CASE("supervisor: large messages wait for the next incarnation like small ones") {
    watched(large_messages_wait_too());
}

TEST_CASE("supervisor: a reply to a request of the last incarnation is dropped") {
    watched(late_replies_are_dropped());
}

TEST_CASE("supervisor: a reply to an incarnation long ago is dropped") { watched(replies_tell_incarnations_apart()); }

TEST_CASE("supervisor: a child whose core is being written is started again when that is over, or was cut short") {
    watched(core_is_written(GENERATE(false, true)));
}
