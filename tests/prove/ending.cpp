// Scenes in which the victim ends: from the end of its function to the end of its process.
//
// `join` gives a status: the exit code, or signal 9. What the victim held is let go, what others hold goes on, whoever
// asked it hears something, and its children end.
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using troupe::start_method;

constexpr int its_code = 7;

struct question {
    int number = 0;
    using reply = int;
};

enum class way : std::uint8_t { returning, throwing, exiting };

int leave(way how) {
    proving_begins();
    if (how == way::throwing) throw std::runtime_error("as planned");
    if (how == way::exiting) std::exit(its_code);
    return its_code;
}

bool as_expected(const troupe::exit_status& end, way how) {
    return end.code() == -SIGKILL || end.code() == (how == way::throwing ? 1 : its_code);
}

// --- with nothing but itself

int end_bare(way how) {
    stand_by(own_id());
    return leave(how);
}

template <start_method Method, way How>
troupe::task<std::string> bare() {
    const auto one = co_await troupe::spawn<&end_bare>({.method = Method}, How);
    const auto end = co_await one.join();
    co_return as_expected(end, How) ? "" : "the victim " + to_string(end);
}

// --- with much in hand, mail it has not read, and children

troupe::task<> wait_for_mail(troupe::mailbox<flat> box) {
    while (co_await box.receive()) {
    }
}

struct luggage {
    troupe::queue<large> items;
    troupe::connection<int, int> end;
    bool children = false;
};

troupe::task<int> end_laden(troupe::mailbox<question, large, with_queue>, luggage with, way how) {
    const auto own = troupe::pipe<int, int>();
    co_await with.end.send(1);
    co_await with.items.put(make<large>(1));
    if (with.children) {
        const auto mild = co_await troupe::spawn<&wait_for_mail>();
        const auto daemon = co_await troupe::spawn<&wait_for_mail>({.daemon = true});
        co_await mild.send(flat{1});
        co_await daemon.send(flat{2});
    }
    reach_phase(1);
    co_await until_phase(2);
    stand_by(own_id());
    co_return leave(how);
}

// Hears a number, or how it ended.
troupe::task<> ask_it(troupe::actor<question> whom) {
    try {
        co_await whom.ask(question{1});
        throw std::logic_error("nobody answers that");
    } catch (const troupe::actor_died&) {
    } catch (const troupe::remote_error&) {
    } catch (const troupe::closed&) {
    }
}

template <start_method Method, way How, bool Children>
troupe::task<std::string> laden() {
    const troupe::queue<large> items;
    auto [near, far] = troupe::pipe<int, int>();
    const auto one =
        co_await troupe::spawn<&end_laden>({.method = Method}, luggage{items, std::move(far), Children}, How);
    co_await until_phase(1);
    co_await one.send(make<large>(1));
    co_await one.send(make<with_queue>(2));
    const auto asker = co_await troupe::spawn<&ask_it>(one);
    co_await until_at_rest(asker.id());
    reach_phase(2);
    const auto end = co_await one.join();
    std::string wrong = as_expected(end, How) ? "" : "the victim " + to_string(end) + ';';
    const auto asked = co_await asker.join();
    if (!asked.success()) wrong += "the asker " + to_string(asked) + ';';
    const auto first = co_await near.receive();
    const auto second = co_await near.receive();
    if (first != 1 || second) wrong += "the pipe did not end after what was sent;";
    const auto item = items.try_get();
    if (!item || number_of(*item) != 1) wrong += "the item is gone;";
    co_await items.put(make<large>(2));
    if (number_of(*items.try_get()) != 2) wrong += "the queue is gone;";
    co_return wrong;
}

}  // namespace

std::vector<scene> ending_scenes() {
    using enum start_method;
    using enum way;
    return {
        {"end by returning, forkserver", victim::to_death, &bare<forkserver, returning>},
        {"end by returning, fork", victim::to_death, &bare<fork, returning>},
        {"end by returning, spawn", victim::to_death, &bare<start_method::spawn, returning>},
        {"end by an exception", victim::to_death, &bare<forkserver, throwing>},
        {"end by exit", victim::to_death, &bare<forkserver, exiting>},
        {"end laden", victim::to_death, &laden<forkserver, returning, false>},
        {"end laden, fork", victim::to_death, &laden<fork, returning, false>},
        {"end laden, by an exception", victim::to_death, &laden<forkserver, throwing, false>},
        {"end laden, by exit", victim::to_death, &laden<forkserver, exiting, false>},
        {"end with children", victim::to_death, &laden<forkserver, returning, true>},
    };
}

}  // namespace proving
