// This process's place in the program: its slot, the shared memory, its ports, and the doorbells of others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/cell_hold.hpp>
#include <troupe/error.hpp>

#include "base/owned_fd.hpp"
#include "channel/admission.hpp"
#include "channel/chronicler.hpp"
#include "channel/doorbells.hpp"
#include "channel/keeper_line.hpp"
#include "channel/own_observation.hpp"
#include "channel/traffic.hpp"
#include "shm/program_memory.hpp"

namespace troupe::channel {

class inbox;
class lone_inbox;
class outbox;
class own_files;
class port;
class shared_cells;

class participant {
public:
    participant(shm::program_memory memory, std::uint16_t slot, base::owned_fd doorbell, keeper_line& keeper);
    ~participant();
    participant(const participant&) = delete;
    participant& operator=(const participant&) = delete;

    // Throws misuse outside of `run`.
    static participant& here() {
        if (detail::the_participant == nullptr) throw_outside();
        return *detail::the_participant;
    }
    static participant* current() noexcept { return detail::the_participant; }

    shm::program_memory& memory() noexcept { return memory_; }
    std::uint16_t slot() const noexcept { return slot_; }
    shm::owner_id owner() const noexcept { return owner_; }
    detail::actor_id actor() const noexcept { return actor_; }
    shm::process_slot& self() const noexcept { return *self_; }
    int doorbell() const noexcept { return doorbell_.get(); }
    keeper_line& keeper() const noexcept { return keeper_; }
    // Who decides on requests; until it is set, they are all given out.
    void set_admission(admission& one) noexcept { admission_ = &one; }
    bool refuses_requests(inbox& mailbox) noexcept { return admission_ != nullptr && admission_->refuses(mailbox); }
    void answer_incomplete(detail::letter& request) {
        if (admission_ != nullptr) admission_->answer_incomplete(request);
    }

    void notify(std::uint16_t slot) noexcept;
    void notify_all(const shm::wait_set& waiting) noexcept;
    // The doorbell's rings were taken: a new epoch.
    void woken() noexcept;
    class doorbells& doorbells() noexcept { return doorbells_; }
    class traffic& traffic() noexcept { return traffic_; }
    class chronicler& chronicler() noexcept { return chronicler_; }
    own_observation& observation() noexcept { return observation_; }

    // Who reads gives back room in batches. What it owes is settled after some turns at whose end a writer waits for
    // it, and always before the process sleeps: what it sleeps for may depend on that writer.
    void reads(lone_inbox& one) { readers_.push_back(&one); }
    void reads_no_more(lone_inbox& one) noexcept { std::erase(readers_, &one); }
    void return_room(bool before_sleep);

    // The port of a channel, made when it is first asked for; throws corrupt when there is no such channel.
    port& port_of(shm::channel_id channel);
    port* find_port(shm::channel_id channel) noexcept;
    void forget_if_idle(shm::channel_id channel) noexcept;
    std::size_t ports() const noexcept { return ports_.size(); }  // how many there are, for tests

    // The cells that this process has handles of.
    shared_cells& cells();

    // The open files that this process sends or receives; and if it has sent or received any, so that a message
    // without them costs a look.
    own_files& files();
    own_files* files_in_use() const noexcept { return files_.get(); }

    // Frees a parcel whose message is not delivered.
    void drop_parcel(std::uint64_t block) noexcept;

    // The way to an actor's mailbox; null when that actor is no more, or has no mailbox. The one that was asked for
    // last may be that of an actor that has died since: who pushes finds out.
    outbox* mailbox_of(detail::actor_id actor) {
        return actor == last_.actor && last_.mailbox != nullptr ? last_.mailbox : find_mailbox(actor);
    }
    // The lane that replies to a process come through; null when it has ended, and nobody is left to hear.
    outbox* replies_of(detail::actor_id asker, std::uint32_t incarnation);

    // The child of a fork takes these out of its copy of the parent's.
    shm::program_memory take_memory() noexcept { return std::move(memory_); }
    base::owned_fd take_doorbell() noexcept { return std::move(doorbell_); }

    // In the child of a fork: nothing of the parent's is touched, nor freed.
    static void abandon() noexcept;

private:
    [[noreturn]] static void throw_outside();
    void sweep();
    outbox* find_mailbox(detail::actor_id actor);
    outbox* find_lane(detail::actor_id asker);

    struct address {
        detail::actor_id actor;
        outbox* mailbox = nullptr;
    };
    struct lane {
        detail::actor_id asker;
        std::uint32_t incarnation = 0;
        outbox* replies = nullptr;
    };

    shm::program_memory memory_;
    std::uint16_t slot_;
    shm::process_slot* self_;
    shm::owner_id owner_;
    detail::actor_id actor_;
    base::owned_fd doorbell_;
    keeper_line& keeper_;
    admission* admission_ = nullptr;
    own_observation observation_;
    class chronicler chronicler_;
    class traffic traffic_;
    class doorbells doorbells_;
    std::unordered_map<std::uint64_t, std::unique_ptr<port>> ports_;
    std::unordered_map<std::uint16_t, address> addresses_;
    address last_;
    lane last_lane_;  // who is answered is mostly who was answered before
    std::vector<lone_inbox*> readers_;
    std::unique_ptr<shared_cells> cells_;
    std::unique_ptr<own_files> files_;
    std::size_t sweep_at_ = 64;
};

// `take` once more, when there was no memory, after what nobody can reach was freed.
template <class Take>
auto or_make_room(participant& here, Take&& take) {
    try {
        return take();
    } catch (const out_of_memory&) {
        if (!here.keeper().make_room()) throw;
    }
    return take();
}

}  // namespace troupe::channel
