// What a process waits for, as plain values: what the sources of its loop say, and what stands in shared memory for
// those who look in from outside.
#pragma once

#include <cstdint>

namespace troupe::base {

enum class waiting_kind : std::uint8_t {
    nothing,
    mailbox,     // `of`: the channel
    queue,       // for an item of it
    pipe,        // for a message of it
    room,        // in the channel
    reply,       // `of`: the actor that was asked; `type` and `number`: the request
    end,         // of an actor
    time,        // `of`: when, ms
    descriptor,  // `of`: its number
    lock,        // `of`: the cell, as of the next four
    condition,
    permit,  // of a semaphore
    event,
    barrier,
    change,   // of names, topics and groups
    command,  // `of`: its pid
    signal,   // `of`: its number, if one alone is waited for
    task,     // of a pool
};
inline constexpr waiting_kind last_waiting_kind = waiting_kind::task;

// One of the things that a process waits for.
struct waited_for {
    waiting_kind kind = waiting_kind::nothing;
    std::uint32_t type = 0;    // of the message, where one kind alone is waited for; 0: of any
    std::uint64_t of = 0;      // see waiting_kind
    std::uint32_t number = 0;  // of the request
    std::uint64_t since = 0;   // ms
    std::uint64_t waiter = 0;  // where the waiting coroutine's promise stands in the process; 0: none of ours waits

    friend bool operator==(const waited_for&, const waited_for&) = default;
};

}  // namespace troupe::base
