// Scenes in which the victim is being started: from the first instruction of its process, behind the clone, to its
// function; under each start method.
//
// The spawner gets a reference, or spawn_failed; it never hangs, and its next start succeeds. What the child was given
// is let go.
#include <csignal>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

constexpr int its_code = 42;

struct luggage {
    std::string text;
    troupe::queue<int> items;
    troupe::connection<int, int> end;
    troupe::descriptor file;
};

troupe::task<int> newborn(troupe::mailbox<flat> box, luggage with) {
    proving_ends();
    const auto mail = co_await box.receive();
    co_await with.end.send(mail ? mail->number : -1);
    co_return with.text == std::string(large_bytes, 'x') && open_files::held_by(with.file) == its_code ? its_code : 1;
}

int bare() {
    proving_ends();
    return its_code;
}

void nothing() {}

// One start, whether it is killed or not; empty, or what was wrong.
troupe::task<std::string> start_laden(troupe::start_method method, bool* failed) {
    const troupe::queue<int> items;
    auto [near, far] = troupe::pipe<int, int>();
    troupe::actor<flat> child;
    try {
        child = co_await troupe::spawn<&newborn>(
            {.method = method, .mailbox = 64 << 10},
            luggage{std::string(large_bytes, 'x'), items, std::move(far), open_files::holding(its_code)});
    } catch (const troupe::spawn_failed&) {
        *failed = true;
    }
    if (child) {
        try {
            co_await child.send(flat{7});
        } catch (const troupe::actor_died&) {
            *failed = true;
        }
    }
    std::optional<int> said = co_await near.receive();
    if (said && *said != 7) co_return "the child got damaged mail";
    if (said) said = co_await near.receive();
    if (said) co_return "the child's end of the pipe is still open";
    if (child) {
        const auto end = co_await child.join();
        if (end.code() == -SIGKILL) {
            *failed = true;
        } else if (end.code() != its_code) {
            co_return "the child " + to_string(end);
        }
    }
    co_await items.put(1);
    co_return items.try_get() == 1 ? "" : "the queue is gone";
}

troupe::task<std::string> start_bare(troupe::start_method method, bool* failed) {
    try {
        const auto child = co_await troupe::spawn<&bare>({.method = method});
        const auto end = co_await child.join();
        if (end.code() == -SIGKILL) {
            *failed = true;
        } else if (end.code() != its_code) {
            co_return "the child " + to_string(end);
        }
    } catch (const troupe::spawn_failed&) {
        *failed = true;
    }
    co_return "";
}

using start = troupe::task<std::string> (*)(troupe::start_method method, bool* failed);

// The first may be killed, the second not.
template <start Start>
troupe::task<std::string> start_two(troupe::start_method method) {
    bool failed = false;
    std::string wrong = co_await Start(method, &failed);
    failed = false;
    wrong += co_await Start(method, &failed);
    if (failed) wrong += " the next child could not be started";
    co_return wrong;
}

template <start Start>
troupe::task<> spawner(troupe::start_method method, troupe::queue<std::string> results) {
    stand_by(own_id());
    co_await results.put(co_await start_two<Start>(method));
}

template <start Start, troupe::start_method Method>
troupe::task<std::string> by_an_actor() {
    const troupe::queue<std::string> results;
    // How the spawner was made itself does not matter, but that an exec of it would be most of the round's time.
    constexpr auto its_own = Method == troupe::start_method::spawn ? troupe::start_method::forkserver : Method;
    const auto parent = co_await troupe::spawn<&spawner<Start>>({.method = its_own}, Method, results);
    const auto end = co_await parent.join();
    if (!end.success()) co_return "the spawner " + to_string(end);
    co_return *results.try_get();
}

// The process is made by the forkserver.
template <start Start>
troupe::task<std::string> by_the_server() {
    if (board::here().server == 0) {
        const auto first = co_await troupe::spawn<&nothing>({.method = troupe::start_method::forkserver});
        co_await first.join();
    }
    stand_by_for(static_cast<pid_t>(board::here().server.load()));
    co_return co_await start_two<Start>(troupe::start_method::forkserver);
}

}  // namespace

std::vector<scene> birth_scenes() {
    using enum troupe::start_method;
    return {
        {"begin by forkserver", victim::child, &by_the_server<&start_bare>},
        {"begin by forkserver, laden", victim::child, &by_the_server<&start_laden>},
        {"begin by fork", victim::child, &by_an_actor<&start_bare, fork>},
        {"begin by fork, laden", victim::child, &by_an_actor<&start_laden, fork>},
        {"begin by spawn", victim::child, &by_an_actor<&start_bare, spawn>},
        {"begin by spawn, laden", victim::child, &by_an_actor<&start_laden, spawn>},
    };
}

}  // namespace proving
