// A program in which few actors may live at a time.
#include <csignal>
#include <optional>
#include <vector>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

troupe::task<> wait_for_end(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
}

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

int live() {
    verdict said;
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
    return said.close();
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<live>(argc, argv, {.actors = 4}); }
