// Who is started again, when, how often, and how a supervisor ends.
#include <algorithm>

#include "catch.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

using namespace team;

namespace {

int give(int code) { return code; }

// Tells that it has begun, and waits to be stopped.
troupe::task<> announce(troupe::mailbox<note> inbox, troupe::queue<std::string> log, std::string who) {
    co_await log.put(who + " begins");
    co_await inbox.receive();
    co_await log.put(who + " ends");
}

troupe::task<std::vector<std::string>> lines(troupe::queue<std::string> log, std::size_t count) {
    std::vector<std::string> all;
    while (all.size() < count) all.push_back(*co_await troupe::with_timeout(20s, log.get()));
    co_return all;
}

troupe::task<> stop_in_reverse_order() {
    troupe::queue<std::string> log;
    troupe::supervisor crew;
    std::vector<troupe::child_spec> wanted;
    for (const char* name : {"a", "b", "c"}) wanted.push_back(troupe::child<announce>({.name = name}, log, name));
    co_await crew.start(std::move(wanted));
    std::vector<std::string> names;
    for (const auto& one : crew.children()) names.push_back(one.name());
    CHECK(names == std::vector<std::string>{"a", "b", "c"});
    auto begun = co_await lines(log, 3);
    std::sort(begun.begin(), begun.end());  // they run side by side
    CHECK(begun == std::vector<std::string>{"a begins", "b begins", "c begins"});
    co_await crew.stop();
    const auto written = co_await lines(log, 3);
    CHECK(written == std::vector<std::string>{"c ends", "b ends", "a ends"});
    CHECK(crew.children().empty());
}

// On a busy machine the child may have begun before anybody was asked to stop: then it is played again.
troupe::task<> spawned_while_it_stops() {
    std::string answer;
    while (answer.empty()) {
        troupe::supervisor crew;
        const auto spawn_one = [&]() -> troupe::task<> {
            try {
                co_await crew.spawn<worker>();
            } catch (const troupe::misuse& refused) {
                answer = refused.what();
            }
        };
        co_await troupe::when_all(spawn_one(), crew.stop());
    }
    CHECK_THAT(answer, checks::contains("was stopped"));
    for (const auto& left : troupe::this_actor::children()) co_await left.join();
}

troupe::task<> without_options() {
    troupe::queue<std::string> log;
    troupe::supervisor crew;
    const std::string name = "b";
    co_await crew.spawn<announce>(log, "a");
    co_await lines(log, 1);
    co_await crew.spawn<announce>(troupe::supervision{.restart = troupe::restart_policy::temporary}, log, name);
    co_await lines(log, 1);
    co_await crew.start({troupe::child<announce>(log, "c"), troupe::child<announce>(troupe::supervision{}, log, "d")});
    co_await lines(log, 2);
    CHECK(crew.children().size() == 4);
    co_await crew.stop();
}

troupe::task<std::vector<std::string>> begun_after_a_kill(troupe::restart_strategy strategy, std::size_t count) {
    troupe::queue<std::string> log;
    troupe::supervisor crew({.strategy = strategy});
    std::vector<troupe::actor<note>> all;
    for (const char* name : {"a", "b", "c"}) {
        all.push_back(co_await crew.spawn<announce>({.name = name}, log, name));
        co_await lines(log, 1);
    }
    all[1].kill();
    auto begun = co_await lines(log, count);
    std::sort(begun.begin(), begun.end());  // they run side by side
    co_await crew.stop();
    co_return begun;
}

troupe::task<> dies_again_and_again(worker_reference one, int deaths) {
    for (int i = 0; i < deaths; ++i) {
        try {
            co_await one.ask(die{SIGABRT});
        } catch (const troupe::actor_died&) {
        }
    }
}

troupe::task<std::string> reason_to_give_up(troupe::supervisor* crew) {
    try {
        co_await troupe::with_timeout(20s, crew->join());
    } catch (const troupe::gave_up& end) {
        CHECK(end.status().signal() == SIGABRT);
        co_return end.what();
    }
    co_return "it did not give up";
}

troupe::task<> gives_up_on(troupe::supervisor& crew, worker_reference one, int deaths) {
    // Joined from the beginning: the supervisor may be through with it before the last death is heard of here.
    auto both = troupe::when_all(reason_to_give_up(&crew), dies_again_and_again(one, deaths));
    const std::string why = std::get<0>(co_await std::move(both));
    CHECK_THAT(why, checks::contains("'clerk'") && checks::contains(std::to_string(deaths) + " times") &&
                        checks::contains("SIGABRT"));
    CHECK_FALSE(one.alive());
    bool refused = false;
    try {
        co_await crew.spawn<worker>({});
    } catch (const troupe::gave_up&) {
        refused = true;
    }
    CHECK(refused);
}

troupe::task<> too_many_restarts() {
    troupe::supervisor crew({.max_restarts = 2, .window = 60s, .back_off = 1ms});
    auto one = co_await crew.spawn<worker>({.name = "clerk"});
    auto other = co_await crew.spawn<worker>({.name = "other"});
    co_await gives_up_on(crew, one, 3);
    CHECK_FALSE(other.alive());
}

troupe::task<> doomed_owner() {
    troupe::supervisor crew({.max_restarts = 0});
    co_await crew.spawn<give>({.name = "hopeless"}, 7);
    co_await troupe::sleep_for(24h);
}

troupe::task<> owner_ends_with_it() {
    const auto owner = co_await troupe::spawn<doomed_owner>();
    const auto status = co_await troupe::with_timeout(20s, owner.join());
    CHECK(status.exception_type() == "troupe::gave_up");
    CHECK_THAT(status.exception_text(), checks::contains("'hopeless'") && checks::contains("exited with 7"));
}

// A supervisor in an actor that is supervised itself: when it gives up, its own supervisor starts it again.
troupe::task<> floor_manager(troupe::mailbox<incarnation, die> inbox) {
    troupe::supervisor crew({.max_restarts = 0});
    auto one = co_await crew.spawn<worker>({.name = "clerk"});
    co_await inbox.serve([](incarnation) { return troupe::this_actor::incarnation(); },
                         [&](die) -> troupe::task<int> {
                             one.kill();
                             co_await troupe::sleep_for(24h);
                             co_return 0;
                         });
}

troupe::task<> supervisors_supervised() {
    troupe::supervisor crew;
    auto manager = co_await crew.spawn<floor_manager>({.name = "manager"});
    auto count = co_await manager.ask(incarnation{}, 20s);
    CHECK(count == 0);
    bool answered = true;
    try {
        co_await troupe::with_timeout(20s, manager.ask(die{}));
    } catch (const troupe::remote_error&) {
        answered = false;  // the handler was cancelled, because its actor ends
    }
    CHECK_FALSE(answered);
    count = co_await manager.ask(incarnation{}, 20s);
    CHECK(count == 1);
    co_await crew.stop();
}

troupe::task<> supervisor_killed() {
    troupe::supervisor crew;
    auto manager = co_await crew.spawn<floor_manager>({.name = "manager"});
    co_await manager.ask(incarnation{}, 20s);
    manager.kill();
    const auto manager_restarted = co_await becomes(manager, 1);
    CHECK(manager_restarted);
    co_await crew.stop();
}

troupe::task<bool> gives_up(troupe::supervisor* crew) {
    try {
        co_await crew->join();
    } catch (const troupe::gave_up&) {
        co_return true;
    }
    co_return false;
}

troupe::task<int> end_for_good(troupe::supervisor* crew, troupe::actor<> one) {
    const auto status = co_await one.join();
    co_await crew->stop();
    co_return status.code();
}

troupe::task<std::string> left_alone(troupe::restart_policy policy, int code) {
    troupe::supervisor crew({.max_restarts = 1, .window = 60s});
    auto one = co_await crew.spawn<give>({.restart = policy}, {.name = "giver"}, code);
    auto both = troupe::when_all(gives_up(&crew), end_for_good(&crew, one));
    const auto [gave_up, last] = co_await std::move(both);
    co_return gave_up ? "gave up" : "ended with " + std::to_string(last);
}

troupe::task<> removal() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<worker>({.name = "one"});
    auto two = co_await crew.spawn<worker>({.name = "two"});
    co_await crew.remove(one);
    CHECK_FALSE(one.alive());
    CHECK(two.alive());
    CHECK(crew.children() == std::vector<troupe::actor<>>{two});
    co_await crew.remove(one);  // nothing
    co_await crew.stop();
}

troupe::task<> ignore_everything(troupe::mailbox<note>) {
    std::signal(SIGTERM, SIG_IGN);
    for (volatile bool for_ever = true; for_ever;) {
    }
    co_return;
}

troupe::task<> stubborn_child() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<ignore_everything>({.stop_budget = 30ms}, {});
    co_await crew.stop();
    const auto one_status = co_await one.join();
    CHECK(one_status.signal() == SIGKILL);
}

troupe::task<> stop_by_another_is_final() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<worker>({});
    one.stop();
    const auto one_status = co_await troupe::with_timeout(20s, one.join());
    CHECK(one_status.code() == 0);
    CHECK(crew.restarts() == 0);
    co_await crew.stop();
}

troupe::task<> goes_without_stop() {
    worker_reference one;
    {
        troupe::supervisor crew;
        one = co_await crew.spawn<worker>({});
    }
    const auto one_answer = co_await one.ask(incarnation{}, 20s);
    CHECK(one_answer == 0);
    one.kill();
    const auto one_status = co_await troupe::with_timeout(20s, one.join());
    CHECK(one_status.signal() == SIGKILL);
}

// Ends before it gets to its function, unless it is the first time.
void die_at_birth(std::string mark) {
    if (troupe::this_actor::incarnation() > 0) std::abort();
    static_cast<void>(mark);
    die_now(SIGKILL);
}

troupe::task<> crash_at_once_on_every_start() {
    troupe::supervisor crew({.max_restarts = 4, .window = 60s, .back_off = 1ms});
    auto one = co_await crew.spawn<die_at_birth>({.name = "hopeless"}, "x");
    std::string why;
    try {
        co_await troupe::with_timeout(60s, crew.join());
    } catch (const troupe::gave_up& end) {
        why = end.what();
    }
    CHECK_THAT(why, checks::contains("'hopeless'") && checks::contains("5 times"));
    CHECK(crew.restarts() == 4);
    CHECK_FALSE(one.alive());
}

troupe::task<> list_with_a_bad_one() {
    troupe::supervisor crew;
    bool refused = false;
    try {
        co_await crew.start({troupe::child<worker>({.name = "good"}),
                             troupe::child<worker>({.name = "bad", .directory = "/not/there"})});
    } catch (const troupe::spawn_failed&) {
        refused = true;
    }
    CHECK(refused);
    CHECK(crew.children().empty());
    co_await crew.stop();
}

troupe::task<> cannot_come_up_again() {
    const temporary_folder folder;
    troupe::supervisor crew({.max_restarts = 2, .window = 60s, .back_off = 1ms});
    auto one = co_await crew.spawn<worker>({.name = "homeless", .directory = folder.path()});
    rmdir(folder.path().c_str());
    one.kill();
    bool gave_up = false;
    try {
        co_await troupe::with_timeout(20s, crew.join());
    } catch (const troupe::gave_up&) {
        gave_up = true;
    }
    CHECK(gave_up);
    CHECK_FALSE(one.alive());
}

// Down, and put off by half an hour at least.
troupe::task<worker_reference> waits_for_its_back_off(troupe::supervisor* crew) {
    auto one = co_await crew->spawn<worker>({.name = "flapping"});
    one.kill();
    const auto one_restarted = co_await becomes(one, 1);
    CHECK(one_restarted);
    one.kill();
    while (one.pid() != 0) co_await troupe::sleep_for(1ms);
    co_return one;
}

troupe::task<> back_off_holds_up_nobody() {
    troupe::supervisor crew({.max_restarts = 10, .window = 24h, .back_off = 1h, .most_back_off = 1h});
    auto steady = co_await crew.spawn<worker>({.name = "steady"});
    auto other = co_await crew.spawn<worker>({.name = "other"});
    const auto flapping = co_await waits_for_its_back_off(&crew);
    other.kill();
    const auto other_restarted = co_await becomes(other, 1);
    CHECK(other_restarted);  // at once: it is its first restart
    co_await troupe::with_timeout(20s, crew.remove(steady));
    CHECK_FALSE(steady.alive());
    CHECK(flapping.alive());  // it can be sent to
    CHECK(crew.restarts() == 2);
    co_await troupe::with_timeout(20s, crew.remove(flapping));
    CHECK_FALSE(flapping.alive());
    CHECK(crew.restarts() == 2);
    CHECK(crew.children().size() == 1);
    const auto again = co_await waits_for_its_back_off(&crew);
    co_await troupe::with_timeout(20s, crew.stop());
    CHECK_FALSE(again.alive());
}

troupe::task<> back_off_of_a_group() {
    troupe::supervisor crew({.strategy = troupe::restart_strategy::one_for_all,
                             .max_restarts = 10,
                             .window = 24h,
                             .back_off = 1h,
                             .most_back_off = 1h});
    auto one = co_await crew.spawn<worker>({.name = "one"});
    auto other = co_await crew.spawn<worker>({.name = "other"});
    one.kill();
    const auto one_restarted = co_await becomes(one, 1);
    CHECK(one_restarted);
    const auto other_restarted = co_await becomes(other, 1);
    CHECK(other_restarted);
    other.kill();
    while (one.pid() != 0 || other.pid() != 0) co_await troupe::sleep_for(1ms);
    co_await troupe::with_timeout(20s, crew.remove(one));
    CHECK_FALSE(one.alive());
    CHECK(other.alive());
    co_await troupe::with_timeout(20s, crew.stop());
}

troupe::task<> three_at_once_are_one_restart() {
    troupe::supervisor crew({.strategy = troupe::restart_strategy::one_for_all, .max_restarts = 1, .window = 24h});
    std::vector<worker_reference> all;
    for (const char* name : {"a", "b", "c"}) all.push_back(co_await crew.spawn<worker>({.name = name}));
    for (const auto& one : all) one.kill();
    for (const auto& one : all) {
        const auto one_restarted = co_await becomes(one, 1);
        CHECK(one_restarted);
    }
    CHECK(crew.restarts() == 3);  // of processes
    co_await crew.stop();
}

troupe::task<> more_restarts_than_owner_numbers() {
    troupe::supervisor crew({.max_restarts = 1000, .back_off = 0ns});
    auto one = co_await crew.spawn<worker>({});
    for (unsigned i = 0; i < 40; ++i) {
        one.kill();
        const auto one_restarted = co_await becomes(one, i + 1);
        CHECK(one_restarted);
    }
    co_await crew.stop();
}

}  // namespace

TEST_CASE("supervisor: a list of children is started in its order and stopped in the reverse") {
    watched(stop_in_reverse_order());
}

TEST_CASE("supervisor: a child that was on its way when it was stopped is ended, and its spawn says so") {
    watched(spawned_while_it_stops());
}
TEST_CASE("supervisor: children need no options") { watched(without_options()); }

TEST_CASE("supervisor: one for one starts the child that ended, and no other") {
    CHECK(watched(begun_after_a_kill(troupe::restart_strategy::one_for_one, 1)) ==
          std::vector<std::string>{"b begins"});
}

TEST_CASE("supervisor: one for all starts every child again") {
    CHECK(watched(begun_after_a_kill(troupe::restart_strategy::one_for_all, 3)) ==
          std::vector<std::string>{"a begins", "b begins", "c begins"});
}

TEST_CASE("supervisor: rest for one starts the child that ended and those after it") {
    CHECK(watched(begun_after_a_kill(troupe::restart_strategy::rest_for_one, 2)) ==
          std::vector<std::string>{"b begins", "c begins"});
}

TEST_CASE("supervisor: after too many restarts it gives up, ends its children and says why") {
    watched(too_many_restarts());
}

TEST_CASE("supervisor: an actor whose supervisor gives up ends with the reason, when nobody awaits it") {
    watched(owner_ends_with_it());
}

TEST_CASE("supervisor: an actor that supervises is started again by its own supervisor, with fresh children") {
    watched(supervisors_supervised());
    watched(supervisor_killed());
}

TEST_CASE("supervisor: a permanent child comes back whatever it returns, a transient one unless it returned 0") {
    CHECK(watched(left_alone(troupe::restart_policy::permanent, 0)) == "gave up");
    CHECK(watched(left_alone(troupe::restart_policy::transient, 3)) == "gave up");
    CHECK(watched(left_alone(troupe::restart_policy::transient, 0)) == "ended with 0");
    CHECK(watched(left_alone(troupe::restart_policy::temporary, 3)) == "ended with 3");
}

TEST_CASE("supervisor: a child that is removed is stopped and forgotten, the others stay") { watched(removal()); }

TEST_CASE("supervisor: a child that heeds neither stop nor SIGTERM is killed within its budget") {
    watched(stubborn_child());
}

TEST_CASE("supervisor: a child that anybody asked to stop is not started again") {
    watched(stop_by_another_is_final());
}

TEST_CASE("supervisor: without stop its children go on as ordinary ones") { watched(goes_without_stop()); }

TEST_CASE("supervisor: a child that crashes at once on every start makes it give up, with a clear error") {
    watched(crash_at_once_on_every_start());
}

TEST_CASE("supervisor: when one of a list does not start, those before it are stopped again") {
    watched(list_with_a_bad_one());
}

TEST_CASE("supervisor: a child that does not come up again counts as ended once more") {
    watched(cannot_come_up_again());
}

TEST_CASE("supervisor: a child may be started again any number of times") {
    watched(more_restarts_than_owner_numbers());
}

TEST_CASE("supervisor: options that make no sense are refused") {
    CHECK_THROWS_AS(troupe::supervisor({.window = 0s}), troupe::misuse);
    CHECK_THROWS_AS(troupe::supervisor({.back_off = 2s, .most_back_off = 1s}), troupe::misuse);
}
TEST_CASE("supervisor: a child that waits to be started again holds up nobody, and is removed at once") {
    watched(back_off_holds_up_nobody());
}
TEST_CASE("supervisor: of children that are restarted together one is removed, and all are stopped, while they wait") {
    watched(back_off_of_a_group());
}
TEST_CASE("supervisor: with one for all, children that end together are one restart") {
    watched(three_at_once_are_one_restart());
}
