#include <troupe/detail/publish_wait.hpp>

#include <memory>
#include <utility>
#include <vector>

#include "actor/circle_of.hpp"
#include "base/step.hpp"
#include "channel/outbox.hpp"
#include "channel/participant.hpp"
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
        at_ = channel::participant::here().mailbox_of(who);
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

struct publish_wait::stragglers {
    std::vector<std::unique_ptr<straggler>> all;
};
void publish_wait::end_stragglers::operator()(stragglers* all) const noexcept { delete all; }

const shm::circle_record& publish_wait::record_of(const circle& one) { return actors::circle_of(one); }

publish_wait::publish_wait(publish_wait&& other) noexcept
    : wait(),
      to_(other.to_),
      frame_(other.frame_),
      message_(std::move(other.message_)),
      reader_(*this),
      bytes_kept_(other.bytes_kept_),
      kept_(other.kept_) {}

void publish_wait::drop_block() noexcept {
    channel::participant& here = channel::participant::here();
    mail::discard_parcel(here.memory(), {block_}, [&](shm::channel_id held) { here.keeper().look_at(held); });
}

push_result publish_wait::offer(channel::participant& here, actor_id who) {
    channel::outbox* const mailbox = here.mailbox_of(who);
    if (mailbox == nullptr) return push_result::closed;
    TROUPE_STEP("publish: about to reach one");
    const push_result result = bytes_kept_ != 0 ? mailbox->push_flat(frame_, {kept_.data(), bytes_kept_})
                                                : mailbox->push(frame_, *message_, block_);
    if (result == push_result::sent) ++so_far_.reached;
    TROUPE_STEP("publish: reached one");
    return result;
}

void publish_wait::send_to_all(overflow when_full) {
    channel::participant& here = channel::participant::here();
    const shm::process_table& processes = here.memory().processes();
    to_->for_each_below(processes.reached(), [&](std::uint32_t slot) {
        const actor_id who = actors::listed_at(*to_, processes, slot);
        if (!who || offer(here, who) != push_result::full) return;
        if (when_full == overflow::skip || to_->may_be_skipped(slot)) {
            ++so_far_.skipped;
        } else {
            if (!waited_for_) waited_for_.reset(new stragglers);
            waited_for_->all.push_back(std::make_unique<straggler>(*this, who));
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
    } else if (waited_for_) {
        channel::participant& here = channel::participant::here();
        const shm::process_table& processes = here.memory().processes();
        std::erase_if(waited_for_->all, [&](const std::unique_ptr<straggler>& one) {
            return actors::member_at(*to_, processes, one->who.slot()) != one->who ||
                   offer(here, one->who) != push_result::full;
        });
    }
    return !waited_for_ || waited_for_->all.empty();
}

void publish_wait::enlist() {
    for (const auto& one : waited_for_->all) one->wait_for_room();
    reader_.heed();  // last: when the other throws, nobody calls abandon
    TROUPE_STEP("publish: waits");
}

void publish_wait::abandon() noexcept {
    reader_.heed_no_more();
    waited_for_.reset();
}

}  // namespace troupe::detail
