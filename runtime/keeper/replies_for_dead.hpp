// What is said in a dead actor's place to those whose requests it had in hand.
//
// An actor that has died for good needs no words: whoever asked it sees that it is dead. One that will be started again
// looks alive, and what waits in its mailbox is for the next incarnation. So the requests that the dead process had
// taken are listed in its slot (`request_in_hand`), and the keeper answers each with `reply_died`, on the lane where
// the asker reserved room for the answer. A request that will be delivered again is not answered yet.
#pragma once

#include <cstdint>

#include "shm/program_memory.hpp"

namespace troupe::keepers {

// Answers one request with the status of the actor in `dead`; the asker is to be rung. False: nobody is left to hear
// it.
bool tell_asker(shm::program_memory& memory, std::uint16_t dead, detail::actor_id asker,
                std::uint64_t request) noexcept;

// Whether the message that the handler of this slot was busy with is to be delivered again.
bool delivered_again(const shm::process_slot& process) noexcept;

// Empties the list of the slot; `again`: the actor will be started again.
template <class Notify>
void answer_for_the_dead(shm::program_memory& memory, std::uint16_t slot, bool again, Notify&& notify) noexcept {
    shm::process_slot& process = memory.process(slot);
    // The process is dead, and its list is the keeper's.
    if (process.supervision.revival.get() == 0) return;
    const std::uint64_t spared = again && delivered_again(process) ? process.handling.delivery.place() : 0;
    for (shm::request_in_hand& one : process.in_hand) {
        const std::uint64_t place = one.take();
        if (place == 0 || place == spared) continue;
        if (tell_asker(memory, slot, one.asker(), one.request())) notify(one.asker().slot());
    }
}

}  // namespace troupe::keepers
