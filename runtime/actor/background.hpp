// Tasks of this process that nobody awaits: they run whenever its loop does. They are asked to stop, and awaited,
// before the process ends.
#pragma once

#include <memory>
#include <vector>

#include <troupe/detail/branch.hpp>
#include <troupe/task.hpp>

namespace troupe::actors {

class background final : private detail::listener {
public:
    background() = default;
    background(const background&) = delete;
    background& operator=(const background&) = delete;
    ~background();

    // The task must not throw. The branch stays until the next call that adds one, at least.
    detail::branch& add(task<> work);
    bool idle() const noexcept;
    // Asks all of them to stop; ends when they have.
    task<> end_all();
    bool ending() const noexcept { return ending_; }

private:
    void done(detail::branch&) noexcept override {}

    std::vector<std::unique_ptr<detail::branch_of<void>>> running_;
    bool ending_ = false;
};

}  // namespace troupe::actors
