// A program in which few actors may live at a time.
#include <vector>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

troupe::task<> wait_for_end(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
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
    return said.close();
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<live>(argc, argv, {.actors = 4}); }
