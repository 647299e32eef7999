// Children that the user's own code forks: they are none of the program's.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <thread>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::task;

struct word {
    int value = 0;
};

template <class Call>
bool is_misuse(Call call) {
    try {
        call();
    } catch (const troupe::misuse&) {
        return true;
    }
    return false;
}

// What `call` returns, in a child.
template <class Call>
int in_child(Call call) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(call());
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int use_what_is_the_parents(const troupe::queue<int>& items, const troupe::topic<word>& words) {
    if (!is_misuse([] { troupe::this_actor::log(troupe::log_level::info, "from nobody"); })) return 1;
    if (!is_misuse([] { static_cast<void>(troupe::find_name<word>("nobody")); })) return 2;
    if (!is_misuse([&] { words.try_publish({1}); })) return 3;
    if (!is_misuse([&] { items.try_put(1); })) return 4;
    if (!is_misuse([] { static_cast<void>(troupe::this_actor::wakeup_fd()); })) return 5;
    return 0;
}

task<int> fork_and_use() {
    const troupe::queue<int> items;
    const troupe::topic<word> words("words");
    const auto use = [&] { return in_child([&] { return use_what_is_the_parents(items, words); }); };
    const int here = use();
    int there = -1;
    std::thread([&] { there = use(); }).join();
    items.try_put(7);
    co_return here == 0 && there == 0 && items.try_get() == 7 ? 0 : 1;
}

struct handles {
    explicit handles(const troupe::mailbox<word>& inbox) : to_me(inbox) {}

    troupe::queue<int> items;
    troupe::mutex lock;
    troupe::buffer bytes{1000};
    troupe::shared_array<int> numbers{100};
    troupe::injector<word> to_me;
    troupe::signals hang_up{SIGHUP};
    troupe::supervisor team;
};

task<int> fork_and_let_go(troupe::mailbox<word> inbox) {
    std::optional<handles> all(inbox);
    co_return in_child([&] {
        all.reset();
        return 0;
    });
}

// How the child of an actor ends that is sent this signal, or 1.
task<int> fork_and_signal() {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
        const int ended = in_child([signal] {
            ::raise(signal);
            return 1;
        });
        if (ended != -signal) co_return 1;
    }
    co_return 0;
}

template <auto Fn>
task<int> end_of() {
    const auto one = co_await troupe::spawn<Fn>();
    co_return (co_await one.join()).code();
}

}  // namespace

TEST_CASE("own fork: in the child troupe is misuse, whichever thread forks, and the actor is not disturbed") {
    CHECK(watched(end_of<fork_and_use>()) == 0);
    CHECK(watched(fork_and_use()) == 0);
}
TEST_CASE("own fork: the child may let go of its copies of handles") { CHECK(watched(end_of<fork_and_let_go>()) == 0); }
TEST_CASE("own fork: signals do to the child what they do to any process") {
    CHECK(watched(end_of<fork_and_signal>()) == 0);
}
