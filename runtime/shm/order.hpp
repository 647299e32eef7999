// What somebody outside may order the keeper of a program to do, as it travels through a pipe that the program keeps
// open and names in its identity.
//
// An order is one write of 32 bytes, so the kernel never mixes two. Whoever may open the pipe may write anything to it;
// so each order begins with a magic word, by which the keeper finds it behind nonsense. It says how long it is good
// for: one that has lain in the pipe while the program was stopped is not carried out when that goes on.
//
// The keeper answers in the header of the program (order_answer). Nobody outside stores anything into the memory.
#pragma once

#include <cstdint>

namespace troupe::shm {

inline constexpr std::uint32_t order_magic = 0x7264'726f;
inline constexpr std::uint32_t longest_order_ms = 60'000;  // that it may be good for
inline constexpr std::uint32_t most_budget_ms = 1'000'000'000;

enum class order_kind : std::uint8_t {
    kill = 1,     // SIGKILL for the process of the actor
    stop = 2,     // as the library's `stop`: answered when it has been asked
    restart = 3,  // SIGTERM, and SIGKILL when the budget is over, for an actor that is started again then
    observe = 4,  // `what`: shm::observed; of the whole program
};
inline constexpr order_kind last_order_kind = order_kind::observe;

struct order {
    std::uint32_t magic = order_magic;
    std::uint32_t good_until = 0;  // ms of the monotonic clock, the low bits
    std::uint64_t number = 0;      // drawn at random by who orders; not 0
    std::uint64_t actor = 0;       // detail::actor_id
    std::uint32_t budget_ms = 0;   // of restart; 0: none
    std::uint16_t layout = 0;      // layout_version
    order_kind kind = order_kind::kill;
    std::uint8_t what = 0;
};
static_assert(sizeof(order) == 32);

enum class order_result : std::uint32_t {
    done,
    no_such_actor,  // it has ended, or there never was one
    no_process,     // it is being started, or started again
    no_supervisor,  // nobody would start it again
    refused,        // by the system: `error` says why
    not_possible,   // the program cannot do such a thing
};
inline constexpr order_result last_order_result = order_result::not_possible;

}  // namespace troupe::shm
