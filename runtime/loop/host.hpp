// The process that a loop works for, as the loop sees it: what it asks, and what it tells. A process that is none (main
// waits for something before `run`) has the answers that stand here.
#pragma once

#include <chrono>
#include <cstdint>

namespace troupe::loop {

class event_loop;

class host {
public:
    // A new loop, before its first use.
    virtual void begin(event_loop&) {}

    // The descriptor that others write to when this process is to wake up: see doorbell.hpp. -1: none.
    virtual int doorbell() const noexcept { return -1; }
    // Its rings were taken; nothing has been looked at since.
    virtual void rung() noexcept {}
    // A pipe: the process ends, by SIGKILL, when nobody is left who writes to it. -1: none.
    virtual int lifeline() const noexcept { return -1; }

    virtual std::chrono::nanoseconds longest_spin() const noexcept { return std::chrono::microseconds(50); }
    // Asked before a spin and now and then during it. Whoever knows on which CPU the peers run, and how many processes
    // are awake, answers false when spinning would keep a peer from running.
    virtual bool may_spin() noexcept { return true; }
    // Asked before a spin. True: nobody waits for what this process does next, so it leaves its sources alone for a
    // moment. A sender is held up by every look at the place it is about to write to; let alone, it has written several
    // messages by the next one.
    virtual bool in_no_hurry() noexcept { return false; }

    // A turn begins later than the one before: in ms of the monotonic clock, as the loop has read it.
    virtual void turn_began(std::uint64_t /*ms*/) noexcept {}
    // After every run of the ready queue in which something ran, and so before anything is polled and before any sleep.
    virtual void turn_ended() noexcept {}
    // Before the sources are asked whether the loop may sleep: what others, or its own sources, are owed is given back.
    virtual void about_to_park() noexcept {}
    // Around every sleep that may block: when the sources are parked, and before they are unparked.
    virtual void about_to_sleep() noexcept {}
    virtual void awake() noexcept {}

protected:
    host() = default;
    ~host() = default;
    host(const host&) = default;
    host& operator=(const host&) = default;
};

}  // namespace troupe::loop
