#include "base/errand.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <list>
#include <utility>

namespace troupe::base {
namespace {

struct under_way {
    std::shared_ptr<errand> what;
    pthread_t thread{};
    std::atomic<bool> done = false;
};

// Never destroyed: a thread may be in the middle of its errand when the process ends.
std::list<under_way>& all() {
    static auto& list = *new std::list<under_way>;
    return list;
}

void* run(void* argument) noexcept {
    auto& self = *static_cast<under_way*>(argument);
    self.what->run();
    self.what.reset();
    // sync: errand done - publishes that the thread touches nothing any more
    self.done.store(true, std::memory_order_release);
    return nullptr;
}

int start_thread(under_way& one) noexcept {
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    const int failed = pthread_create(&one.thread, nullptr, &run, &one);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return failed;
}

}  // namespace

int start(std::shared_ptr<errand> one) {
    static_cast<void>(errands_under_way());  // lets go of those that are done
    under_way& entry = all().emplace_back();
    entry.what = std::move(one);
    const int failed = start_thread(entry);
    if (failed != 0) all().pop_back();
    return failed;
}

bool errands_under_way() noexcept {
    for (auto one = all().begin(); one != all().end();) {
        // sync: errand done - observes it, before the entry goes
        if (!one->done.load(std::memory_order_acquire)) {
            ++one;
            continue;
        }
        pthread_join(one->thread, nullptr);
        one = all().erase(one);
    }
    return !all().empty();
}

}  // namespace troupe::base
