// troupe used outside of run, and run used wrongly.
#include <cstdlib>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

void nothing() {}
int program() { return troupe::this_actor::name() == "program" ? 3 : 4; }

void refuse_everything(verdict& said) {
    const char* part = "outside of troupe::run";
    said.refuses<troupe::misuse>("no run: a queue is refused", [] { troupe::queue<int> q; }, part);
    said.refuses<troupe::misuse>("no run: a pipe is refused", [] { troupe::pipe<int, int>(); }, part);
    said.refuses<troupe::misuse>(
        "no run: a spawn is refused", [] { troupe::sync_wait(troupe::spawn<&nothing>()); }, part);
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
    return said.close();
}
