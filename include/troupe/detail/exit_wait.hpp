#pragma once

#include <utility>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/exit_status.hpp>

namespace troupe::detail {

// Waits for the end of an actor.
class exit_wait : public wait {
public:
    explicit exit_wait(actor_id actor) noexcept : actor_(actor) {}

    actor_id subject() const noexcept { return actor_; }
    exit_wait* next_waiting = nullptr;

protected:
    exit_status status() { return std::move(status_); }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    actor_id actor_;
    exit_status status_;
};

}  // namespace troupe::detail
