// A program with few descriptors: a start that finds none is refused, and those that live are not touched.
#include <sys/resource.h>

#include <string>
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
    said.refuses<troupe::spawn_failed>(
        "descriptors: a start that finds none is refused",
        [&] {
            for (int i = 0; i < 100; ++i) all.push_back(troupe::sync_wait(troupe::spawn<&wait_for_end>()));
        },
        "ulimit -n");
    said.check("descriptors: some were started before", all.size() >= 3);
    bool live = true;
    for (const auto& one : all) live = live && one.try_send(1) == troupe::send_result::sent;
    said.check("descriptors: those that live can be sent to", live);
    bool well = true;
    for (const auto& one : all) one.stop();
    for (const auto& one : all) well = troupe::sync_wait(one.join()).success() && well;
    said.check("descriptors: they end well", well);
    const auto another = troupe::sync_wait(troupe::spawn<&wait_for_end>());
    said.check("descriptors: then there is room for another", another.alive());
    return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    const rlimit few{40, 40};
    setrlimit(RLIMIT_NOFILE, &few);
    return troupe::run<live>(argc, argv);
}
