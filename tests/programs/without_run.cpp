// troupe used outside of run, and run used wrongly.
#include <cstdlib>
#include <optional>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

void nothing() {}
// Made inside of run, and kept.
std::optional<troupe::shared<int>> a_value;
std::optional<troupe::shared_array<int>> an_array;
std::optional<troupe::shared<int>::held> a_lock;
std::optional<troupe::event> an_event;

int program() {
    a_value.emplace(7);
    an_array.emplace(3);
    an_event.emplace();
    a_lock = a_value->try_lock();
    return a_lock && troupe::this_actor::name() == "program" ? 3 : 4;
}

void refuse_what_was_kept(verdict& said) {
    const char* part = "outside of troupe::run";
    said.refuses<troupe::misuse>("after run: a shared value is refused", [] { a_value->try_lock(); }, part);
    said.refuses<troupe::misuse>("after run: so is one that is locked", [] { **a_lock = 8; }, part);
    said.refuses<troupe::misuse>("after run: so is a shared array", [] { an_array->view(); }, part);
    said.refuses<troupe::misuse>("after run: so is an event", [] { an_event->set(); }, part);
    a_lock.reset();
    a_value.reset();
    an_array.reset();
    an_event.reset();
}

void refuse_everything(verdict& said) {
    const char* part = "outside of troupe::run";
    said.refuses<troupe::misuse>("no run: a queue is refused", [] { troupe::queue<int> q; }, part);
    said.refuses<troupe::misuse>("no run: a pipe is refused", [] { troupe::pipe<int, int>(); }, part);
    said.refuses<troupe::misuse>(
        "no run: a spawn is refused", [] { troupe::sync_wait(troupe::spawn<&nothing>()); }, part);
    said.refuses<troupe::misuse>("no run: a shared value is refused", [] { troupe::shared<int> one; }, part);
    said.refuses<troupe::misuse>("no run: a shared array is refused", [] { troupe::shared_array<int> all(3); }, part);
    said.refuses<troupe::misuse>("no run: a barrier is refused", [] { troupe::barrier both(2); }, part);
    said.refuses<troupe::misuse>("no run: a pool is refused", [] { troupe::pool crew; }, part);
    said.refuses<troupe::misuse>("no run: this_actor is refused", [] { troupe::this_actor::name(); }, part);
}

}  // namespace

int main(int argc, char** argv) {
    const bool first = std::getenv("TROUPE_CHILD") == nullptr;
    verdict said;
    if (first) {
        refuse_everything(said);
    }
    const int code = troupe::run<program>(argc, argv);
    said.check("run: gives what the program returns", code == 3);
    said.check("run: a second time is refused, with exit code 2", troupe::run<program>(argc, argv) == 2);
    refuse_everything(said);
    if (first) refuse_what_was_kept(said);
    return said.close();
}
