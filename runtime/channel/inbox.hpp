// The receiving end of a channel, in one process: alone with its ring (lone_inbox), or one of many readers
// (shared_inbox).
//
// Whoever waits for a message stands in a list here, and while anybody does, the inbox is a source of the loop. Each
// turn asks anew who of them would find something: a message wakes the first wait that wants its type, and one that it
// does not take after all wakes the next one in a later turn. Doorbells only end sleep.
#pragma once

#include <cstdint>
#include <utility>

#include <troupe/detail/letter.hpp>
#include <troupe/detail/receive_wait.hpp>

#include "channel/attachment.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"
#include "mail/envelope.hpp"
#include "shm/death_watch.hpp"
#include "shm/ring_reader.hpp"

namespace troupe::channel {

class inbox : public loop::source {
public:
    enum class picked : std::uint8_t { letter, nothing, ended };

    virtual ~inbox() = default;

    // Puts the next message into the letter: of any type, or one that `wants` names. A look at headers may miss the
    // end, and messages behind a dead sender's.
    virtual picked pick(detail::letter& into, const detail::receive_wait* wants, shm::looking how) = 0;
    // The letter has been dealt with: its record is consumed, its parcel freed.
    virtual void finish(detail::letter& taken) noexcept = 0;
    // The letter stays where it is until its handler has returned: nobody else in this process gets it meanwhile.
    void keep(const detail::letter& in_hand) noexcept { kept_ = in_hand.position + 1; }
    // Its handler was left by an exception: the next receive gets it again.
    void keep_no_more(const detail::letter& in_hand) noexcept {
        if (kept_ == in_hand.position + 1) kept_ = 0;
    }
    // Returns who wrote a letter in hand; nobody if that process has ended. Look who has its slot now before you ask:
    // of a writer that is told here, nothing newer was found there.
    shm::owner_id writer_of(const detail::letter& taken) noexcept;

    void wait(detail::receive_wait& one);
    virtual void leave(detail::receive_wait& one) noexcept;
    bool waited_for() const noexcept { return !waiting_.empty(); }
    // Whoever waits here looks again.
    void wake_all() noexcept;

    attachment& of() const noexcept { return of_; }

protected:
    explicit inbox(attachment& of) : of_(of), deaths_(of.memory().header()), judged_(of.memory().header()) {}

    bool meant_for_us(const detail::message_frame& frame) const noexcept {
        const bool ours = of_.kind() == shm::channel_kind::mailbox || of_.kind() == shm::channel_kind::replies;
        const std::uint64_t name = ours ? of_.here().actor().serial() : of_.id().generation();
        return frame.target == static_cast<std::uint32_t>(name);
    }
    // Puts the message of an envelope into the letter. Returns false if nobody gets it: it is damaged, its parcel is
    // gone, or a buffer of it went with whoever had it before.
    bool open(const mail::envelope& from, detail::letter& into, std::uint32_t part = 0);
    // Frees what was sent to an earlier user of the ring by somebody who was stopped in between.
    void drop_stale(const mail::envelope& stale) noexcept;
    // How to look next: thoroughly after it was parked, and where `needed`.
    shm::looking due_look(bool needed) noexcept {
        return std::exchange(look_due_, false) || needed ? shm::looking::thoroughly : shm::looking::at_headers;
    }
    loop::parking parked_as(shm::sight seen) noexcept;
    bool somebody_died() noexcept { return deaths_.notice(); }
    // In the destructor of what is derived: the loop looks here no more.
    void dismiss() noexcept;

    void describe(loop::wait_notes& into) const noexcept override;

    attachment& of_;
    waiting_list<detail::receive_wait> waiting_;
    std::uint64_t kept_ = 0;  // position of the record + 1; 0: none
    bool is_parked_ = false;
    bool look_due_ = false;  // there may be something that a glance, or a look at headers, does not show

private:
    shm::death_watch deaths_;
    shm::death_watch judged_;  // and where the tail was then; see writer_of
    std::uint64_t judged_up_to_ = 0;
};

}  // namespace troupe::channel
