// A program in which few actors may live at a time.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "channel/participant.hpp"
#include "programs/verdict.hpp"

namespace {

troupe::task<> wait_for_end(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
}

int nothing() { return 0; }

// The slot of a dead actor is used again: what is said to the dead does not reach its heir.
struct mark {
    int value = 0;
};

troupe::task<int> add_up(troupe::mailbox<mark> box) {
    int sum = 0;
    while (const auto one = co_await box.receive()) sum += one->value;
    co_return sum;
}

troupe::task<> dead_and_heir(verdict& said) {
    const auto dead = co_await troupe::spawn<&add_up>();
    dead.kill();
    co_await dead.join();
    std::optional<troupe::actor<mark>> heir;
    for (int i = 0; i < 100 && !heir; ++i) {
        const auto one = co_await troupe::spawn<&add_up>();
        if (one.id().slot() == dead.id().slot()) {
            heir = one;
        } else {
            one.kill();
            co_await one.join();
        }
    }
    said.check("a reference: the slot of a dead actor is used again", heir.has_value());
    if (!heir) co_return;
    said.check("a reference: to a dead actor is not equal to one to the next in its slot", !(*heir == dead));
    said.check("a reference: a dead actor stays dead when its slot has another", !dead.alive());
    said.check("a reference: what is sent to the dead is refused", dead.try_send(mark{1}) == troupe::send_result::gone);
    dead.stop();
    dead.interrupt();
    dead.terminate();
    dead.kill();
    said.check("a reference: how the dead ended is still told", (co_await dead.join()).signal() == SIGKILL);
    co_await heir->send(mark{6});
    heir->stop();
    const auto status = co_await heir->join();
    said.check("a reference: nothing said to the dead reaches the next in its slot", status.code() == 6);
}

// --- a slot whose last actor is dead is used again, whatever of that one is still unread

troupe::task<> leave_one(troupe::queue<int> results, int number) { co_await results.put(number); }

troupe::task<> unread_results(verdict& said) {
    constexpr int many = 100;
    troupe::queue<int> results({.capacity = many});
    int made = 0;
    try {
        for (; made < many; ++made) co_await (co_await troupe::spawn<&leave_one>(results, made)).join();
    } catch (const troupe::spawn_failed&) {
    }
    said.check("actors: any number, one after the other, may leave a result that is read later", made == many);
    bool right = true;
    for (int i = 0; i < made; ++i) {
        const auto one = co_await results.get();
        right = right && one == i;
    }
    said.check("actors: what they left is read in its order", right);
}

struct question {
    using reply = int;
};
struct begin {};

// Looks who has asked, when it is told to, and answers nobody.
troupe::task<int> read_late(troupe::mailbox<question, begin> box) {
    co_await box.receive<begin>();
    troupe::detail::next_letter next(troupe::detail::own_mailbox());
    const bool there = co_await next;
    if (!there) co_return 100;
    const troupe::detail::reply_address asker = troupe::detail::reply_address_of(next.in_hand());
    co_return asker ? 1 : 0;
}

troupe::task<int> ask_and_wait(troupe::actor<question, begin> of) { co_return co_await of.ask(question{}); }

troupe::task<> unread_question(verdict& said) {
    const auto late = co_await troupe::spawn<&read_late>();
    const auto first = co_await troupe::spawn<&ask_and_wait>(late);
    const auto& memory = troupe::channel::participant::here().memory();
    const auto mailbox = memory.process(late.id().slot()).who.mailbox.index().value();
    const auto asked = [&] {  // what is claimed and not yet written would die with it
        bool any = false;
        memory.channels().ring_of(memory.channel(mailbox)).walk([&any](const auto&) { any = true; });
        return any;
    };
    while (!asked()) co_await troupe::yield();
    first.kill();
    co_await first.join();
    // As often as an owner number takes to come again, and once more to be that one's.
    for (int times = 0; times < 14;) {
        const auto one = co_await troupe::spawn<&nothing>();
        if (one.id().slot() == first.id().slot()) ++times;
        co_await one.join();
    }
    auto heir = co_await troupe::spawn<&wait_for_end>();
    while (heir.id().slot() != first.id().slot()) {
        heir.kill();
        co_await heir.join();
        heir = co_await troupe::spawn<&wait_for_end>();
    }
    co_await late.send(begin{});
    const auto read = co_await late.join();
    said.check("a request: of one that is dead it is nobody's, whoever has its number now", read.code() == 0);
    heir.stop();
    co_await heir.join();
}

// --- what a supervised actor had in hand is not its heir's

struct errand {
    using reply = int;
};

troupe::task<> take_in_hand(troupe::mailbox<errand> box, int most) {
    std::vector<troupe::request<errand>> held;
    while (held.size() < static_cast<std::size_t>(most)) {
        auto one = co_await box.receive<errand>();
        if (!one) co_return;
        held.push_back(std::move(*one));
    }
    if (most == 1) co_await troupe::sleep_for(std::chrono::hours(1));
    for (auto& one : held) one.reply(1);
    while (co_await box.receive<errand>()) {
    }
}

troupe::task<> supervise_one(troupe::queue<troupe::actor<errand>> told) {
    troupe::supervisor crew;
    const auto one = co_await crew.spawn<&take_in_hand>(1);
    co_await told.put(one);
    co_await one.ask(errand{});
}

troupe::task<int> ask_often(troupe::actor<errand> of, int times) {
    int answers = 0;
    co_await troupe::task_group::run([&](troupe::task_group& group) -> troupe::task<> {
        const auto ask = [](troupe::actor<errand> one, int& into) -> troupe::task<> {
            into += co_await one.ask(errand{});
        };
        for (int i = 0; i < times; ++i) group.start(ask(of, answers));
        co_await group.join();
    });
    co_return answers;
}

troupe::task<> unfinished_errand(verdict& said) {
    constexpr int most_in_hand = 128;
    troupe::queue<troupe::actor<errand>> told;
    const auto boss = co_await troupe::spawn<&supervise_one>(told);
    const auto first = (co_await told.get()).value();
    const auto& in_hand = troupe::channel::participant::here().memory().process(first.id().slot()).in_hand;
    while (in_hand[0].place() == 0) co_await troupe::yield();
    boss.kill();
    co_await boss.join();
    co_await first.join();
    troupe::supervisor crew;
    auto heir = co_await crew.spawn<&take_in_hand>(most_in_hand);
    for (int i = 0; i < 100 && heir.id().slot() != first.id().slot(); ++i) {
        co_await crew.remove(heir);
        heir = co_await crew.spawn<&take_in_hand>(most_in_hand);
    }
    said.check("actors: a supervised one has the slot of another that died with a request in hand",
               heir.id().slot() == first.id().slot());
    const int answers = co_await troupe::with_timeout(std::chrono::minutes(1), ask_often(heir, most_in_hand));
    said.check("actors: it has room for as many requests in hand as any", answers == most_in_hand);
    co_await crew.stop();
}

// --- a pool with more workers than there may be actors

int twice(int n) { return 2 * n; }

troupe::task<std::string> ask_a_pool_of(unsigned workers) {
    troupe::pool crew({.workers = workers});
    const auto found = co_await troupe::outcome_of(crew.run<&twice>(3));
    co_await crew.close();
    co_return found.ok() ? std::to_string(found.value()) : found.why();
}

void large_pools(verdict& said) {
    said.refuses<troupe::misuse>(
        "a pool: more workers than there can be actors are refused", [] { const troupe::pool crew({.workers = 5}); },
        "run_options::actors");
    const std::string said_then = troupe::sync_wait(ask_a_pool_of(4));  // by a worker that found a place, or by none
    said.check("a pool: when a worker finds no place, a task is done all the same, or fails with that",
               said_then == "6" || said_then.find("4 actors") != std::string::npos);
    said.check("a pool: as many workers as there is room for do their work",
               troupe::sync_wait(ask_a_pool_of(3)) == "6");
}

int live() {
    verdict said;
    large_pools(said);
    std::vector<troupe::actor<int>> all;
    for (int i = 0; i < 3; ++i) all.push_back(troupe::sync_wait(troupe::spawn<&wait_for_end>()));
    said.refuses<troupe::spawn_failed>(
        "actors: one more than there may be is refused", [] { troupe::sync_wait(troupe::spawn<&wait_for_end>()); },
        "4 actors", "run_options::actors");
    bool live = true;
    for (const auto& one : all) live = live && one.try_send(1) == troupe::send_result::sent;
    said.check("actors: those that live are not touched by it", live);
    all.back().stop();
    troupe::sync_wait(all.back().join());
    all.back() = troupe::sync_wait(troupe::spawn<&wait_for_end>());
    said.check("actors: when one has ended there is room for another", all.back().alive());
    for (const auto& one : all) one.stop();
    for (const auto& one : all) troupe::sync_wait(one.join());
    troupe::sync_wait(dead_and_heir(said));
    troupe::sync_wait(unread_results(said));
    troupe::sync_wait(unread_question(said));
    troupe::sync_wait(unfinished_errand(said));
    return said.close();
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<live>(argc, argv, {.actors = 4}); }
