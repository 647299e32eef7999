#include <troupe/detail/publish_wait.hpp>

#include <utility>

#include "actor/circle_of.hpp"
#include "actor/own_process.hpp"
#include "base/step.hpp"
#include "channel/outbox.hpp"
#include "mail/parcel.hpp"

namespace troupe::detail {

// A member whose mailbox was full. It is told of room in place of the wait.
class publish_wait::straggler final : public room_wait {
public:
    straggler(publish_wait& of, actor_id one) noexcept : who(one), of_(of) {}
    ~straggler() {
        leave();
        forget_turn();
    }

    // Nothing where the member has ended: then the wait finds out in its next turn.
    void wait_for_room() {
        wait_in_place_of(of_);
        at_ = actors::own_process::here().participant().mailbox_of(who);
        if (at_ != nullptr) at_->wait(*this);
    }
    void leave() noexcept {
        if (at_ != nullptr) std::exchange(at_, nullptr)->leave(*this);
    }

    const actor_id who;

private:
    bool try_finish() override {
        of_.wake();
        return false;
    }
    void enlist() override {}
    void abandon() noexcept override {}

    publish_wait& of_;
    channel::outbox* at_ = nullptr;
};

publish_wait::publish_wait(const circle& to, message_frame frame, encoded_message message)
    : circle_(to), frame_(frame), message_(std::move(message)), reader_(*this) {
    actors::circle_of(to);
}

publish_wait::publish_wait(const circle& to, message_frame frame, const void* flat, std::uint32_t bytes)
    : circle_(to), frame_(frame), message_(nullptr), reader_(*this), bytes_kept_(bytes) {
    actors::circle_of(to);
    std::memcpy(kept_.data(), flat, bytes);
}

publish_wait::publish_wait(publish_wait&& other) noexcept
    : wait(),
      circle_(other.circle_),
      frame_(other.frame_),
      message_(std::move(other.message_)),
      reader_(*this),
      bytes_kept_(other.bytes_kept_),
      kept_(other.kept_) {}

publish_wait::~publish_wait() {
    if (block_ == 0) return;
    channel::participant& here = actors::own_process::here().participant();
    mail::discard_parcel(here.memory(), {block_}, [&](shm::channel_id held) { here.keeper().look_at(held); });
}

push_result publish_wait::offer(actor_id who) {
    channel::outbox* const mailbox = actors::own_process::here().participant().mailbox_of(who);
    if (mailbox == nullptr) return push_result::closed;
    TROUPE_STEP("publish: about to reach one");
    const push_result result = bytes_kept_ != 0 ? mailbox->push_flat(frame_, {kept_.data(), bytes_kept_})
                                                : mailbox->push(frame_, *message_, block_);
    if (result == push_result::sent) ++so_far_.reached;
    TROUPE_STEP("publish: reached one");
    return result;
}

void publish_wait::send_to_all(overflow when_full) {
    const shm::circle_record& record = actors::circle_of(circle_);
    const shm::process_table& processes = actors::own_process::here().memory().processes();
    record.for_each_below(processes.reached(), [&](std::uint32_t slot) {
        const actor_id who = actors::member_at(record, processes, slot);
        if (!who || offer(who) != push_result::full) return;
        if (when_full == overflow::skip || record.may_be_skipped(slot)) {
            ++so_far_.skipped;
        } else {
            stragglers_.push_back(std::make_unique<straggler>(*this, who));
        }
    });
}

publication publish_wait::try_once() {
    send_to_all(overflow::skip);
    return so_far_;
}

bool publish_wait::try_finish() {
    if (!std::exchange(begun_, true)) {
        send_to_all(overflow::wait);
    } else {
        const shm::circle_record& record = actors::circle_of(circle_);
        const shm::process_table& processes = actors::own_process::here().memory().processes();
        std::erase_if(stragglers_, [&](const std::unique_ptr<straggler>& one) {
            return actors::member_at(record, processes, one->who.slot()) != one->who ||
                   offer(one->who) != push_result::full;
        });
    }
    return stragglers_.empty();
}

void publish_wait::enlist() {
    reader_.heed();
    TROUPE_STEP("publish: waits");
    for (const auto& one : stragglers_) one->wait_for_room();
}

void publish_wait::abandon() noexcept {
    reader_.heed_no_more();
    stragglers_.clear();
}

}  // namespace troupe::detail
