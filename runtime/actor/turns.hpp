// An actor that waits in a loop of another library: its turns, and the coroutines that go on in them.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>

#include <troupe/task.hpp>

namespace troupe::actors {

class own_process;

class turns {
public:
    explicit turns(own_process& here) noexcept : here_(here) {}

    int wakeup_fd();
    // Throws what a started coroutine threw, one failure in each turn, and then `cancelled` if this actor is to end.
    void take();
    void start(task<> work);

    // This actor is to end what it waits for, and waits nowhere now.
    void interrupt() noexcept { interrupted_ = true; }

private:
    task<> run(task<> work);
    void note(std::exception_ptr failure);
    bool is_over() const noexcept;

    own_process& here_;
    std::deque<std::exception_ptr> failures_;
    std::size_t running_ = 0;
    bool has_started_ = false;
    bool has_turned_ = false;
    bool interrupted_ = false;
};

}  // namespace troupe::actors
