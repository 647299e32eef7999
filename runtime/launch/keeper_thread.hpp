// The thread that the keeper of the program runs in, from its start to its end. What it does there allocates nothing
// and throws nothing; that it can be started at all, may fail.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "base/owned_fd.hpp"
#include "keeper/keeper.hpp"
#include "shm/program_memory.hpp"

namespace troupe::launch {

class keeper_thread {
public:
    // As `keeper`. Throws what says why when the system refuses.
    keeper_thread(shm::program_memory& memory, base::owned_fd socket, base::owned_fd lifeline, int program_bell,
                  keepers::server_launch server);
    ~keeper_thread();  // waits until it has ended the forkserver and every actor that still lives
    keeper_thread(const keeper_thread&) = delete;
    keeper_thread& operator=(const keeper_thread&) = delete;

    // In a forked child of the program, where the thread does not exist: what it held open is closed.
    static void close_in_fork_child() noexcept;

private:
    std::unique_ptr<keepers::keeper> keeper_;
    std::atomic<bool> begun_{false};
    std::thread thread_;
};

}  // namespace troupe::launch
