#include "launch/keeper_thread.hpp"

#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/system_failure.hpp"
#include "launch/reason.hpp"
#include "process/signals.hpp"

namespace troupe::launch {
namespace {

keepers::keeper* the_keeper = nullptr;

}  // namespace

keeper_thread::keeper_thread(shm::program_memory& memory, base::owned_fd socket, base::owned_fd lifeline,
                             int program_bell, keepers::server_launch server)
    : keeper_(std::make_unique<keepers::keeper>(memory, std::move(socket), std::move(lifeline), program_bell,
                                                std::move(server))) {
    if (!keeper_->open()) throw base::system_failure(errno, "the keeper of the program cannot be started");
    // A process that the program's own code forks must not hold it when the program has ended.
    static const int once = pthread_atfork(nullptr, nullptr, [] {
        if (the_keeper != nullptr) the_keeper->close_lifeline();
    });
    static_cast<void>(once);
    the_keeper = keeper_.get();
    try {
        const process::signals_held held;  // signals are the program's own
        thread_ = std::thread([this] {
            begun_.store(true, std::memory_order_release);  // sync: keeper - publishes that its thread has begun
            begun_.notify_one();
            keeper_->run();
        });
    } catch (const std::system_error& failure) {
        the_keeper = nullptr;
        throw std::runtime_error("the thread of the program's keeper cannot be started" +
                                 reason(failure.code().value()));
    } catch (...) {
        the_keeper = nullptr;
        throw;
    }
    // In a fork of a process with a thread that is about to begin, the C library's setuid waits for that for ever.
    // sync: keeper - observes that its thread has begun
    while (!begun_.load(std::memory_order_acquire)) begun_.wait(false);
}

keeper_thread::~keeper_thread() {
    thread_.join();
    the_keeper = nullptr;
}

void keeper_thread::close_in_fork_child() noexcept {
    if (the_keeper == nullptr) return;
    the_keeper->close();
    the_keeper = nullptr;
}

}  // namespace troupe::launch
