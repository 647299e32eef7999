#include "channel/lone_inbox.hpp"

#include <algorithm>
#include <string>

#include <troupe/error.hpp>

#include "base/step.hpp"
#include "loop/event_loop.hpp"
#include "mail/batch.hpp"

namespace troupe::channel {
namespace {

// A reader in the middle of a backlog gives back an eighth of the ring sooner than that, and wakes its writers for it.
constexpr std::uint32_t most_turns_owing = 8;

constexpr std::uint32_t no_type = 0;

}  // namespace

lone_inbox::~lone_inbox() {
    dismiss();
    if (reads()) of_.here().reads_no_more(*this);
}

void lone_inbox::start_reading() {
    passed_over_.clear();
    reader_.emplace(of_.ring(), of_.memory().processes().owners());
    of_.here().reads(*this);
    if (!reader_->recover()) throw corrupt("the ring of this " + std::string(of_.noun()) + " is damaged");
}

void lone_inbox::stop_reading() noexcept {
    if (!reads()) return;
    flush();
    reader_.reset();
    passed_over_.clear();
    of_.here().reads_no_more(*this);
    wake_all();
}

void lone_inbox::put_own(std::uint32_t type, detail::encoded_message message) {
    own_.put(type, std::move(message));
    waiting_.for_each([type](detail::receive_wait& one) {
        if (one.wants(type)) one.wake();
    });
}

// --- looking -------------------------------------------------------------------------------------------------------

// The first record that is wanted, in the order of the ring. It is left there; what is passed over is filed. Inlined,
// as it runs for each message.
[[gnu::always_inline]] inline shm::sight lone_inbox::find(const detail::receive_wait* wants, shm::looking how,
                                                          mail::envelope& found) {
    const shm::sight seen = found.find([&](shm::record& record) { return reader_->look(record, how); });
    if (reader_->follows_closely()) loop::event_loop::current().rest();
    if (seen == shm::sight::message && !passed_over_.any()) {
        if (meant_for_us(found.frame()) && (wants == nullptr || wants->wants(found.frame().type))) return seen;
    }
    return find_behind(seen, wants, how, found);
}

// The rest of `find`, where what was seen first is not wanted, or something was passed over before.
shm::sight lone_inbox::find_behind(shm::sight seen, const detail::receive_wait* wants, shm::looking how,
                                   mail::envelope& found) {
    shm::record record = found.record();
    if (passed_over_.any()) {
        if (seen != shm::sight::message || shm::distance(passed_over_.examined(), record.position) >= 0) {
            passed_over_.clear();
        } else if (wants != nullptr) {
            if (passed_over_.first(*reader_, [wants](std::uint32_t type) { return wants->wants(type); }, record)) {
                found = mail::envelope(record);
                return seen;
            }
            seen = reader_->look_from(passed_over_.examined(), record, how);
        }
    }
    for (; seen == shm::sight::message; seen = reader_->look_after(shm::record(record), record, how)) {
        found = mail::envelope(record);
        if (!meant_for_us(found.frame())) {
            drop_stale(found);
            reader_->consume(record);
        } else if (wants != nullptr && !wants->wants(found.frame().type)) {
            passed_over_.file(*reader_, record, found.frame().type);
        } else {
            if (wants != nullptr && passed_over_.any()) passed_over_.examined_to(record.position);
            break;
        }
    }
    return seen;
}

// Requests alone are refused; what comes through the lane for replies is none.
bool lone_inbox::is_refused(const mail::envelope& found) noexcept {
    return found.frame().is_request() && of_.kind() == shm::channel_kind::mailbox && of_.here().refuses_requests(*this);
}

// Files all that is there, so that the process may sleep until something else comes.
void lone_inbox::examine_all() {
    const detail::receive_wait nothing(*this, &no_type, 1);
    mail::envelope found;
    find(&nothing, shm::looking::thoroughly, found);
}

void lone_inbox::throw_in_hand() {
    throw misuse(
        "the next message is in the hands of a handler, and stays in the mailbox until that returns, because this "
        "actor's messages are delivered again (supervision::deliveries): use one serve at a time, and receive only "
        "messages of other types in its handlers");
}

// --- receiving -----------------------------------------------------------------------------------------------------

inbox::picked lone_inbox::pick(detail::letter& into, const detail::receive_wait* wants, shm::looking how) {
    if (!own_.empty() && own_.pick(into, wants)) {
        into.from = this;
        return picked::letter;
    }
    if (!reads()) return picked::ended;
    mail::envelope found;
    for (;;) {
        switch (find(wants, how, found)) {
        case shm::sight::message: break;
        case shm::sight::ended: return picked::ended;
        case shm::sight::corrupt: throw corrupt("the ring of this " + std::string(of_.noun()) + " is damaged");
        case shm::sight::empty:
        case shm::sight::in_flight:
            if (reader_->writers_want_room()) flush();
            return picked::nothing;
        }
        if (is_refused(found)) return picked::nothing;
        if (kept_ == found.record().position + 1) throw_in_hand();
        const bool packed = found.is(mail::batch_record);
        if (open(found, into, packed ? reader_->parts_consumed(found.record()) : 0)) return picked::letter;
        reader_->consume(found.record());
    }
}

void lone_inbox::finish(detail::letter& taken) noexcept {
    if (taken.own != nullptr) return own_.finish(taken);
    const shm::record record{taken.position, taken.payload, taken.bytes, taken.kind};
    keep_no_more(taken);
    TROUPE_STEP("inbox: letter in hand");
    bool writers_wait = false;
    if (reads()) {
        const bool more = taken.kind == mail::batch_record && taken.part + 1u < mail::count_of_batch(taken.body());
        more ? reader_->consume_part(record, taken.part + 1u) : reader_->consume(record);
        writers_wait = reader_->flush_when_due();
    }
    TROUPE_STEP("inbox: letter finished");
    if (taken.block != 0) of_.drop_parcel(std::exchange(taken.block, 0));
    if (reads()) notify_writers(writers_wait);
}

// --- room ----------------------------------------------------------------------------------------------------------

void lone_inbox::notify_writers(bool they_wait) noexcept {
    if (reader_->writers_wait() || they_wait) of_.notify_writers();
}

void lone_inbox::flush() { notify_writers(reader_->flush()); }

void lone_inbox::return_room(bool before_sleep) {
    if (!reader_->owes_room()) {
        turns_owing_ = 0;
    } else if (before_sleep || (reader_->writers_want_room() && ++turns_owing_ == most_turns_owing)) {
        turns_owing_ = 0;
        flush();
    }
}

// --- as a source ---------------------------------------------------------------------------------------------------

// Wakes a wait that would find something, unless another was woken for that.
bool lone_inbox::wake_if_due(detail::receive_wait& one, shm::looking how) {
    mail::envelope found;
    switch (find(one.wants_all() ? nullptr : &one, how, found)) {
    case shm::sight::message: break;
    case shm::sight::ended:
    case shm::sight::corrupt: one.wake(); return true;
    case shm::sight::empty:
    case shm::sight::in_flight: return false;
    }
    const std::uint64_t position = found.record().position;
    if (std::find(promised_.begin(), promised_.end(), position) != promised_.end()) return false;
    if (is_refused(found)) {
        examine_all();
        return false;
    }
    promised_.push_back(position);
    one.wake();
    return true;
}

bool lone_inbox::poll() {
    if (!reads()) return false;
    const shm::looking how = due_look(somebody_died());
    if (waiting_.has_one() && waiting_.first()->wants_all()) {
        shm::record record;
        const shm::sight seen = reader_->look(record, how);
        if (seen == shm::sight::empty || seen == shm::sight::in_flight) return false;
        if (seen != shm::sight::message || !is_refused(mail::envelope(record))) {
            waiting_.first()->wake();
            return true;
        }
    }
    bool woke = false;
    promised_.clear();
    waiting_.for_each([&](detail::receive_wait& one) { woke = wake_if_due(one, how) || woke; });
    return woke;
}

loop::parking lone_inbox::park_for_letter() {
    const shm::sight seen = reader_->park();
    notify_writers(false);
    return parked_as(seen);
}

void lone_inbox::unpark() {
    if (!std::exchange(is_parked_, false)) return;
    look_due_ = true;
    if (reads()) reader_->unpark();
}

}  // namespace troupe::channel
