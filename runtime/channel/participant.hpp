// This process's place in the program: its slot, the shared memory, its ports, and the doorbells of others.
//
// Ringing. A process sleeps in the kernel on one eventfd, its doorbell, whatever it waits for. Each wake-up adds one to
// the epoch in its slot, after its rings were taken and before it looks at anything. Who has changed something rings at
// most once an epoch: a second ring before the wake-up would tell nothing more. Nothing is lost: the fence in `ring`
// stands between the change and the look at the epoch, the one in `woken` between the new epoch and the look at what
// has changed, so at least one of the two sees the other. A process that has no descriptor left for a doorbell asks the
// keeper to ring.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/error.hpp>

#include "base/owned_fd.hpp"
#include "channel/admission.hpp"
#include "channel/keeper_line.hpp"
#include "shm/program_memory.hpp"

namespace troupe::channel {

class inbox;
class lone_inbox;
class outbox;
class port;

class participant {
public:
    participant(shm::program_memory memory, std::uint16_t slot, base::owned_fd doorbell, keeper_line& keeper);
    ~participant();
    participant(const participant&) = delete;
    participant& operator=(const participant&) = delete;

    // Throws misuse outside of `run`.
    static participant& here() {
        if (the_participant == nullptr) throw_outside();
        return *the_participant;
    }
    static participant* current() noexcept { return the_participant; }

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
    // A doorbell that came by inheritance.
    void know_doorbell(std::uint16_t slot, std::uint32_t incarnation, base::owned_fd doorbell);
    // The doorbell's rings were taken: a new epoch.
    void woken() noexcept;

    // A message came, and where its sender ran: who shares its CPU does not spin.
    void note_received(std::uint8_t cpu) noexcept {
        peer_cpu_ = cpu;
        sent_in_a_row_ = 0;
    }
    std::uint8_t peer_cpu() const noexcept { return peer_cpu_; }

    void note_sent() noexcept {
        sent_ = true;
        ++sent_in_a_row_;
    }
    // Whether this process has sent anything since it was last asked.
    bool has_sent() noexcept { return std::exchange(sent_, false); }
    // Whether it has sent several messages since the last one came.
    bool streams() const noexcept { return sent_in_a_row_ > 4; }

    // Who reads gives back room in batches. What it owes is settled after some turns at whose end a writer waits for
    // it, and always before the process sleeps: what it sleeps for may depend on that writer.
    void reads(lone_inbox& one) { readers_.push_back(&one); }
    void reads_no_more(lone_inbox& one) noexcept { std::erase(readers_, &one); }
    void return_room(bool before_sleep);

    // The port of a channel, made when it is first asked for; throws corrupt when there is no such channel.
    port& port_of(shm::channel_id channel);
    port* find_port(shm::channel_id channel) noexcept;
    void forget_if_idle(shm::channel_id channel) noexcept;

    // The way to an actor's mailbox; null when that actor is no more, or has no mailbox. The one that was asked for
    // last may be that of an actor that has died since: who pushes finds out.
    outbox* mailbox_of(detail::actor_id actor) {
        return actor == last_.actor && last_.mailbox != nullptr ? last_.mailbox : find_mailbox(actor);
    }

    // The child of a fork takes these out of its copy of the parent's, and closes the others' doorbells.
    shm::program_memory take_memory() noexcept { return std::move(memory_); }
    base::owned_fd take_doorbell() noexcept { return std::move(doorbell_); }
    void close_doorbells() noexcept { bells_.clear(); }

    // In the child of a fork: nothing of the parent's is touched, nor freed.
    static void abandon() noexcept;

private:
    [[noreturn]] static void throw_outside();
    void sweep();
    void close_dead_doorbells() noexcept;
    outbox* find_mailbox(detail::actor_id actor);

    static constinit inline participant* the_participant = nullptr;
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    struct bell {
        std::uint32_t incarnation = 0;
        std::uint64_t rung = never;  // in which epoch
        base::owned_fd fd;
    };
    struct address {
        detail::actor_id actor;
        outbox* mailbox = nullptr;
    };

    shm::program_memory memory_;
    std::uint16_t slot_;
    shm::process_slot* self_;
    shm::owner_id owner_;
    detail::actor_id actor_;
    base::owned_fd doorbell_;
    keeper_line& keeper_;
    admission* admission_ = nullptr;
    std::uint8_t peer_cpu_ = 0xff;
    bool sent_ = false;
    std::uint32_t sent_in_a_row_ = 0;
    std::unordered_map<std::uint16_t, bell> bells_;
    std::uint64_t deaths_swept_ = 0;  // when the bells of the dead were closed last
    std::unordered_map<std::uint64_t, std::unique_ptr<port>> ports_;
    std::unordered_map<std::uint16_t, address> addresses_;
    address last_;
    std::vector<lone_inbox*> readers_;
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
