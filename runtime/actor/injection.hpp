// What an actor shares with the threads that post to its mailbox: a stack of values. A thread pushes one; the actor
// takes the stack whole, turns it round, and encodes the values itself.
//
// It outlives the actor for as long as a thread has an injector. At the actor's end the stack is closed by a mark in
// the place of its newest value, so that nothing can be pushed that nobody would take.
//
// A push onto an empty stack rings the doorbell, by a copy of its descriptor that is open as long as this is. Whoever
// pushes onto others need not: the actor has not taken them yet, and looks here before it sleeps. It takes no more than
// the mailbox is to hold of this type at once, so that those of another, which nobody receives, keep none of these out;
// what it leaves is looked for whenever something was received.
//
// In the child of a fork it is inert: the process that made it is another.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <troupe/actor.hpp>
#include <troupe/detail/injection_hold.hpp>

#include "base/owned_fd.hpp"
#include "channel/lone_inbox.hpp"
#include "loop/source.hpp"

namespace troupe::detail {

class injection final : public loop::source {
public:
    injection(channel::lone_inbox& mailbox, std::uint32_t type, base::owned_fd bell) noexcept;
    ~injection();

    // By any thread.
    send_result post(std::unique_ptr<injected> value) noexcept;
    // By the thread that had the last injector.
    void leave() noexcept;

    // By the actor: no thread has an injector, and nothing is left.
    bool is_over() const noexcept;
    // The actor ends.
    void close() noexcept;

private:
    bool has_room() const noexcept;
    bool holds_any() const noexcept;
    void take_all() noexcept;
    void pass_on();
    void ring() const noexcept;
    bool poll() override;
    bool glance() override { return holds_any() && has_room(); }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}

    channel::lone_inbox& mailbox_;
    std::uint32_t type_;
    base::owned_fd bell_;
    pid_t process_;
    std::atomic<injected*> newest_ = nullptr;
    std::atomic<std::uint32_t> count_ = 0;
    std::atomic<bool> left_ = false;
    injected* oldest_ = nullptr;  // of those that were taken, and are not in the mailbox yet
};

}  // namespace troupe::detail
