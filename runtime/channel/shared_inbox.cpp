#include "channel/shared_inbox.hpp"

#include <troupe/error.hpp>

#include "base/step.hpp"
#include "channel/drain.hpp"

namespace troupe::channel {

shared_inbox::shared_inbox(attachment& of)
    : inbox(of), reader_(of.ring(), of.here().owner(), of.memory().processes().owners()) {
    of.announce();  // a reader too may leave something that others wait for
}

inbox::picked shared_inbox::pick(detail::letter& into, const detail::receive_wait*, shm::looking) {
    notice_deaths();
    for (;;) {
        shm::record record;
        const shm::sight seen = reader_.take(record);
        pass_on();  // it may have finished what others had begun
        switch (seen) {
        case shm::sight::message: break;
        case shm::sight::ended: return picked::ended;
        case shm::sight::corrupt: throw corrupt("the ring of this queue is damaged; the queue cannot be used any more");
        case shm::sight::empty:
        case shm::sight::in_flight: return picked::nothing;
        }
        const mail::envelope taken(record);
        if (!meant_for_us(taken.frame())) {
            drop_stale(taken);
        } else if (open(taken, into)) {
            return picked::letter;
        }
        pass_on(reader_.finish(record));
    }
}

void shared_inbox::finish(detail::letter& taken) noexcept {
    const shm::record record{taken.position, taken.payload, taken.bytes, taken.kind};
    TROUPE_STEP("inbox: letter in hand");
    auto& receiving = of_.here().self().activity.receiving;
    receiving.begin(of_.id());
    const bool writers_wait = reader_.finish(record);
    TROUPE_STEP("inbox: item finished");
    // crash: not counted, and not waited for
    of_.record().items.count_received();
    receiving.end();
    TROUPE_STEP("inbox: letter finished");
    if (taken.block != 0) of_.drop_parcel(std::exchange(taken.block, 0));
    pass_on(writers_wait);
}

void shared_inbox::pass_on(bool writers_wait) noexcept {
    if (reader_.writers_wait() || writers_wait) of_.notify_writers();
    if (reader_.readers_wait()) of_.notify_reader();
    if (reader_.head_moved()) tell_if_drained(of_);
}

bool shared_inbox::notice_deaths() {
    if (!somebody_died()) return false;
    reader_.notice_deaths();
    pass_on();
    return true;
}

// It may have been rung for an item that it does not take, which is for another reader then.
void shared_inbox::leave(detail::receive_wait& one) noexcept {
    if (waiting_.has_one() && waiting_.first() == &one && reader_.was_woken()) {
        reader_.decline();
        pass_on();
    }
    inbox::leave(one);
}

bool shared_inbox::poll() {
    if (due_look(notice_deaths()) != shm::looking::thoroughly && !reader_.glance()) return false;
    waiting_.first()->wake();
    return true;
}

loop::parking shared_inbox::park() {
    if (!waited_for()) return loop::parking::parked;
    const shm::sight seen = reader_.park(of_.here().slot());
    pass_on();
    return parked_as(seen);
}

void shared_inbox::unpark() {
    if (!std::exchange(is_parked_, false)) return;
    look_due_ = true;
    reader_.unpark(of_.here().slot());
    if (!waited_for()) reader_.decline();
    pass_on();
}

}  // namespace troupe::channel
