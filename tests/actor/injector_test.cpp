// Threads of an actor post to its mailbox.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::exit_status;
using troupe::injector;
using troupe::send_result;
using troupe::spawn;
using troupe::task;

struct reading {
    int thread = 0;
    int number = 0;
};
struct line {
    std::string text;
};
struct nested {
    std::vector<nested> inside;
};
struct other {
    int number = 0;
};

void post_until_sent(const injector<reading>& to, reading one) {
    while (to.post(one) == send_result::full) std::this_thread::yield();
}

// 0: each thread's came in order, and none was lost.
task<int> gather(troupe::mailbox<reading> inbox, int threads, int each) {
    std::vector<std::thread> posters;
    {
        const injector<reading> here(inbox);
        for (int t = 0; t < threads; ++t) {
            posters.emplace_back([here, t, each] {
                for (int i = 0; i < each; ++i) post_until_sent(here, {t, i});
            });
        }
    }
    std::vector<int> next(static_cast<std::size_t>(threads));
    int faults = 0;
    for (int i = 0; i < threads * each; ++i) {
        const auto got = co_await inbox.receive();
        if (!got || got->number != next.at(static_cast<std::size_t>(got->thread))++) ++faults;
    }
    for (std::thread& one : posters) one.join();
    co_return faults == 0 ? 0 : 1;
}

// An actor that sleeps is woken.
task<int> sleep_and_wake(troupe::mailbox<line> inbox) {
    const injector<line> here(inbox);
    std::thread poster([here] {
        for (int i = 0; i < 20; ++i) {
            std::this_thread::sleep_for(1ms);
            static_cast<void>(here.post({std::to_string(i)}));
        }
    });
    int sum = 0;
    for (int i = 0; i < 20; ++i) {
        const auto got = co_await inbox.receive();
        sum += std::stoi(got->text);
    }
    poster.join();
    co_return sum == 190 ? 0 : 1;
}

task<int> overtake(troupe::mailbox<reading, other> inbox) {
    const auto self = inbox.address();
    for (int i = 0; i < 3; ++i) co_await self.send(other{i});
    const injector<reading> here(inbox);
    std::thread([here] { static_cast<void>(here.post({0, 9})); }).join();
    co_await troupe::yield();
    co_await troupe::sleep_for(1ms);
    const auto first = co_await inbox.receive();
    co_return std::holds_alternative<reading>(*first) ? 0 : 1;
}

// Of the others there are more than the mailbox takes at once, and nobody receives them.
task<int> receive_past_others(troupe::mailbox<reading, other> inbox) {
    const injector<reading> readings(inbox);
    const injector<other> others(inbox);
    std::thread([&] {
        for (int i = 0; i < 3000; ++i) static_cast<void>(others.post({i}));
    }).join();
    co_await troupe::sleep_for(1ms);  // the mailbox has as many as it takes
    std::thread([&] { static_cast<void>(readings.post({0, 9})); }).join();
    const auto first = co_await inbox.receive<reading>();
    if (!first || first->number != 9) co_return 1;
    for (int i = 0; i < 3000; ++i) {
        const auto got = co_await inbox.receive<other>();
        if (!got || got->number != i) co_return 2;
    }
    co_return 0;
}

task<int> fill_up(troupe::mailbox<reading> inbox) {
    const injector<reading> here(inbox);
    int sent = 0;
    std::thread([&] {
        while (here.post({0, sent}) == send_result::sent) ++sent;
    }).join();
    if (sent != 65'536) co_return 1;
    for (int i = 0; i < sent; ++i) {
        const auto got = co_await inbox.receive();
        if (got->number != i) co_return 2;
    }
    co_return here.post({}) == send_result::sent ? 0 : 3;
}

std::optional<injector<reading>> kept;

// Is asked at the end of the process, when no actor is there any more.
struct late_poster {
    ~late_poster() {
        if (kept && kept->post({}) != send_result::gone) ::_exit(9);
        kept.reset();
    }
};

task<int> outlived(troupe::mailbox<reading> inbox) {
    kept.emplace(inbox);
    [[maybe_unused]] static const late_poster at_the_end;
    co_return 0;
}

// Posts from a child of a plain fork.
task<int> post_from_a_copy(troupe::mailbox<reading> inbox) {
    const injector<reading> here(inbox);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(here.post({}) == send_result::gone ? 0 : 1);
    int status = -1;
    ::waitpid(child, &status, 0);
    co_return status == 0 && !inbox.try_receive() ? 0 : 1;
}

task<int> inject_handles(troupe::mailbox<troupe::queue<int>> inbox) {
    try {
        const injector<troupe::queue<int>> here(inbox);
    } catch (const troupe::misuse&) {
        co_return 0;
    }
    co_return 1;
}

task<int> inject_too_much(troupe::mailbox<nested> inbox) {
    const injector<nested> here(inbox);
    nested deep;
    for (int i = 0; i < 100; ++i) {
        nested around;
        around.inside.push_back(std::move(deep));
        deep = std::move(around);
    }
    std::thread([here, deep] { static_cast<void>(here.post(deep)); }).join();
    co_await inbox.receive();
    co_return 0;
}

// A descriptor for each of them would be missed soon.
task<int> make_and_drop(troupe::mailbox<reading> inbox) {
    for (int i = 0; i < 5000; ++i) {
        const injector<reading> here(inbox);
        static_cast<void>(here.post({0, i}));
        const auto got = co_await inbox.receive();
        if (!got || got->number != i) co_return 1;
    }
    co_return 0;
}

// A plain function that turns in a loop of its own hears of it as well.
task<> note_first(troupe::mailbox<reading> inbox, bool& seen) {
    co_await inbox.receive();
    seen = true;
}

int turn_for_it(troupe::mailbox<reading> inbox) {
    const injector<reading> here(inbox);
    bool seen = false;
    troupe::this_actor::start(note_first(std::move(inbox), seen));
    troupe::this_actor::turn();
    std::thread poster([here] { static_cast<void>(here.post({})); });
    while (!seen) {
        pollfd wakeup{troupe::this_actor::wakeup_fd(), POLLIN, 0};
        ::poll(&wakeup, 1, -1);
        troupe::this_actor::turn();
    }
    poster.join();
    return 0;
}

template <auto Function, class... Arguments>
task<exit_status> end_of(Arguments... arguments) {
    const auto one = co_await spawn<Function>(arguments...);
    co_return co_await one.join();
}

}  // namespace

TEST_CASE("injector: the messages of each thread come in order, and none is lost") {
    CHECK(watched(end_of<gather>(1, 20'000)).code() == 0);
    CHECK(watched(end_of<gather>(4, 10'000)).code() == 0);
}
TEST_CASE("injector: a post wakes an actor that sleeps") { CHECK(watched(end_of<sleep_and_wake>()).code() == 0); }
TEST_CASE("injector: what is injected comes before what waits in the mailbox") {
    CHECK(watched(end_of<overtake>()).code() == 0);
}
TEST_CASE("injector: one type is received whatever waits of another") {
    CHECK(watched(end_of<receive_past_others>()).code() == 0);
}
TEST_CASE("injector: 65,536 messages wait, and then it is full") { CHECK(watched(end_of<fill_up>()).code() == 0); }
TEST_CASE("injector: when the actor has ended, it is gone") { CHECK(watched(end_of<outlived>()).code() == 0); }
TEST_CASE("injector: in the child of a fork it is gone, and the mailbox gets nothing") {
    CHECK(watched(end_of<post_from_a_copy>()).code() == 0);
}
TEST_CASE("injector: messages that can carry handles are misuse") {
    CHECK(watched(end_of<inject_handles>()).code() == 0);
}
TEST_CASE("injector: a message that cannot be sent ends the actor, and its status says why") {
    CHECK_THAT(watched(end_of<inject_too_much>()).exception_type(), checks::contains("too_large"));
}
TEST_CASE("injector: thousands are made and dropped, one after the other") {
    CHECK(watched(end_of<make_and_drop>()).code() == 0);
}
TEST_CASE("injector: it reaches a plain function that takes turns") {
    CHECK(watched(end_of<turn_for_it>()).code() == 0);
}
