#include "channel/port.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <troupe/detail/reply_address.hpp>
#include <troupe/error.hpp>

#include "base/step.hpp"
#include "channel/batch.hpp"
#include "channel/parcel.hpp"

namespace troupe::detail {
namespace {

// A reader in the middle of a backlog gives back an eighth of the ring sooner than that, and wakes its writers for it.
constexpr std::uint32_t most_turns_owing = 8;

constexpr std::uint32_t no_type = 0;

}  // namespace

const char* noun(shm::channel_kind kind) {
    switch (kind) {
    case shm::channel_kind::queue: return "queue";
    case shm::channel_kind::pipe: return "pipe";
    case shm::channel_kind::mailbox:
    case shm::channel_kind::replies: break;
    }
    return "mailbox";
}

// relaxed: observed through the id
port::port(channel::participant& participant, shm::channel_id channel, shm::channel_record& record)
    : participant_(participant),
      channel_(channel),
      record_(&record),
      kind_(static_cast<shm::channel_kind>(record.kind.load(std::memory_order_relaxed))),
      ring_(participant.memory().ring_of(record)),
      writer_(ring_, participant.owner()) {}

port::~port() {
    if (reader_) participant_.reads_no_more(*this);
    if (a_source_) loop::event_loop::current().dismiss(*this);
}

// --- holds ---------------------------------------------------------------------------------------------------------

void port::hold(std::uint32_t role) {
    const auto take = [&](std::uint32_t& count, shm::wait_set& holders) {
        if (count++ != 0) return;
        // sync: version - publishes that a holder is about to change
        record_->version.fetch_add(1, std::memory_order_acq_rel);
        // crash: held until the keeper takes the dead one's bits away
        holders.add(participant_.slot());
        TROUPE_STEP("port: end held");
    };
    if (role & sending_end) take(sending_, record_->writers);
    if (role & receiving_end) {
        take(receiving_, record_->readers);
        if (reads_alone()) {
            if (!reader_) read_alone();
        } else if (!shared_reader_) {
            announce_writing();  // a reader too may leave something that others wait for
            shared_reader_.emplace(ring_, participant_.owner(), participant_.memory().owners());
        }
    }
}

void port::read_alone() {
    passed_over_.clear();
    reader_.emplace(ring_, participant_.memory().owners());
    participant_.reads(*this);
    if (!reader_->recover()) throw corrupt("the ring of this " + std::string(noun(kind_)) + " is damaged");
}

void port::stop_reading() noexcept {
    if (!reader_ || kind_ != shm::channel_kind::pipe) return;
    give_back_room(reader_->flush());
    reader_.reset();
    passed_over_.clear();
    participant_.reads_no_more(*this);
}

void port::release(std::uint32_t role) noexcept {
    const auto give_up = [&](std::uint32_t& count, shm::wait_set& holders) {
        if (--count != 0) return false;
        // sync: version - publishes that a holder is about to change
        record_->version.fetch_add(1, std::memory_order_acq_rel);
        // crash: held by the dead one, or by nobody, which `letting_go` says; the keeper looks at both
        holders.remove(participant_.slot());
        TROUPE_STEP("port: end let go");
        return true;
    };
    std::atomic<std::uint64_t>& letting_go = participant_.self().letting_go;
    // relaxed: read by the keeper when this process is dead
    letting_go.store(channel_.value, std::memory_order_relaxed);
    bool look = false;
    if (role & sending_end) look = give_up(sending_, record_->writers) || look;
    if (role & receiving_end) {
        if (receiving_ == 1) stop_reading();
        look = give_up(receiving_, record_->readers) || look;
    }
    if (look && participant_.keeper().look_at != nullptr) participant_.keeper().look_at(channel_);
    letting_go.store(0, std::memory_order_relaxed);  // relaxed: as above
    if (sending_ == 0 && receiving_ == 0 && receivers_.empty() && senders_.empty()) participant_.forget_port(channel_);
}

// --- receiving -----------------------------------------------------------------------------------------------------

bool port::meant_for_us(const message_frame& frame) const noexcept {
    const std::uint64_t name = kind_ == shm::channel_kind::mailbox || kind_ == shm::channel_kind::replies
                                   ? participant_.actor().serial()
                                   : channel_.generation();
    return frame.target == static_cast<std::uint32_t>(name);
}

message_frame port::frame_of(const shm::record& record) noexcept {
    message_frame frame;
    if (record.bytes >= sizeof frame) std::memcpy(&frame, record.payload, sizeof frame);
    return frame;
}

// False: nothing for anybody; the record is dropped. Its frame is in the letter already.
bool port::open(const shm::record& record, letter& into) {
    into.from = this;
    into.position = record.position;
    into.payload = record.payload;
    into.bytes = record.bytes;
    into.kind = record.kind;
    into.block = 0;
    if (record.bytes < sizeof into.frame) return false;
    participant_.note_received(into.frame.cpu);
    const std::byte* body = record.payload + sizeof(message_frame);
    const std::size_t length = record.bytes - sizeof(message_frame);
    into.content = {};
    if (record.kind == inline_record) {
        into.content.bytes = {body, length};
    } else if (record.kind == batch_record && reader_) {
        const std::uint32_t part = reader_->parts_consumed(record);
        const auto content = channel::part_of_batch({body, length}, part);
        if (!content) return false;
        into.part = static_cast<std::uint16_t>(part);
        into.content.bytes = *content;
    } else if (record.kind == parcel_record && length == sizeof(channel::parcel_label)) {
        channel::parcel_label label;
        std::memcpy(&label, body, sizeof label);
        const auto content =
            channel::unpack_parcel(participant_.memory(), label, ring_.writer_of(record), participant_.owner());
        if (!content) return false;
        into.block = label.block;
        into.content = *content;
    } else {
        return false;
    }
    into.content.flat = (into.frame.flags & flat_message) != 0;
    if (!into.content.handles.empty() && channel::lacks_a_buffer(into.content)) {
        refuse_incomplete(into);
        return false;
    }
    return true;
}

// Whose hand it was in has died, and taken its buffer along: it is not delivered again.
void port::refuse_incomplete(letter& taken) {
    if (taken.frame.request != 0) {
        try {
            throw corrupt(
                "the actor died that had the request, and with it the buffer that came with it; send it anew");
        } catch (const corrupt&) {
            reply_address_of(taken).answer_with_exception();
        }
    }
    drop_block(std::exchange(taken.block, 0));
}

// A frame names one of fifteen processes of a slot in turn, and an older one may be meant; the record's claim is
// disowned when its writer has died. It lies where the writers are busy, so it is asked about what was there at the
// last death alone: what came later is its writer's.
shm::owner_id port::writer_of(const letter& taken) noexcept {
    const std::uint64_t deaths = participant_.memory().deaths();
    if (deaths != deaths_judged_) {
        deaths_judged_ = deaths;
        judged_up_to_ = ring_.tail_position();
    }
    if (shm::distance(judged_up_to_, taken.position) >= 0) return {taken.frame.writer};
    shm::record record;
    record.position = taken.position;
    return ring_.writer_of(record);
}

// What was sent to an earlier user of the ring by somebody who was stopped in between.
void port::drop_stale(const shm::record& record) noexcept {
    if (record.kind != parcel_record || record.bytes != sizeof(message_frame) + sizeof(channel::parcel_label)) return;
    channel::parcel_label label;
    std::memcpy(&label, record.payload + sizeof(message_frame), sizeof label);
    if (channel::unpack_parcel(participant_.memory(), label, ring_.writer_of(record), participant_.owner())) {
        drop_block(label.block);
    }
}

void port::put_own(std::uint32_t type, encoded_message message) {
    auto lane = std::find_if(own_.begin(), own_.end(), [type](const own_messages& one) { return one.type == type; });
    if (lane == own_.end()) lane = own_.insert(lane, own_messages{type});
    lane->waiting.push_back({std::move(message)});
    ++own_waiting_;
    receivers_.for_each([type](receive_wait& one) {
        if (one.wants(type)) one.wake();
    });
}

bool port::pick_own(letter& into, const receive_wait* wants) {
    for (own_messages& lane : own_) {
        if (wants != nullptr && !wants->wants(lane.type)) continue;
        const auto next =
            std::find_if(lane.waiting.begin(), lane.waiting.end(), [](const own_message& one) { return !one.in_hand; });
        if (next == lane.waiting.end()) continue;
        next->in_hand = true;
        into = {};
        into.from = this;
        into.kind = own_record;
        into.payload = reinterpret_cast<std::byte*>(&*next);
        into.frame.type = lane.type;
        into.content = {next->message->bytes, next->message->handles, next->message->flat};
        return true;
    }
    return false;
}

void port::finish_own(const letter& taken) noexcept {
    for (own_messages& lane : own_) {
        if (lane.type != taken.frame.type) continue;
        const auto done = std::find_if(lane.waiting.begin(), lane.waiting.end(), [&taken](own_message& one) {
            return reinterpret_cast<std::byte*>(&one) == taken.payload;
        });
        if (done == lane.waiting.end()) return;
        lane.waiting.erase(done);
        --own_waiting_;
    }
}

// The first record that is wanted, in the order of the ring. It is left there; what is passed over is filed. Inlined,
// as it runs twice for each message.
[[gnu::always_inline]] inline shm::sight port::find(const receive_wait* wants, shm::looking how, shm::record& found,
                                                    message_frame& frame) {
    shm::sight seen = reader_->look(found, how);
    if (reader_->follows_closely()) loop::event_loop::current().rest();
    if (seen == shm::sight::message && !passed_over_.any()) {
        frame = frame_of(found);
        if (meant_for_us(frame) && (wants == nullptr || wants->wants(frame.type))) return seen;
    }
    return find_behind(seen, wants, how, found, frame);
}

// The rest of `find`, where what was seen first is not wanted, or something was passed over before.
shm::sight port::find_behind(shm::sight seen, const receive_wait* wants, shm::looking how, shm::record& found,
                             message_frame& frame) {
    if (passed_over_.any()) {
        if (seen != shm::sight::message || shm::distance(passed_over_.examined(), found.position) >= 0) {
            passed_over_.clear();
        } else if (wants != nullptr) {
            if (passed_over_.first(*reader_, [wants](std::uint32_t type) { return wants->wants(type); }, found)) {
                frame = frame_of(found);
                return seen;
            }
            seen = reader_->look_from(passed_over_.examined(), found, how);
        }
    }
    while (seen == shm::sight::message) {
        frame = frame_of(found);
        if (!meant_for_us(frame)) {
            drop_stale(found);
            reader_->consume(found);
        } else if (wants != nullptr && !wants->wants(frame.type)) {
            passed_over_.file(*reader_, found, frame.type);
        } else {
            if (wants != nullptr && passed_over_.any()) passed_over_.examined_to(found.position);
            break;
        }
        seen = reader_->look_after(shm::record(found), found, how);
    }
    return seen;
}

// A request, while no more can be noted as in hand. What comes through the lane for replies is none.
bool port::is_refused(const message_frame& frame) noexcept {
    return frame.request != 0 && kind_ == shm::channel_kind::mailbox && participant_.in_hand().refuses(*this);
}

// Files all that is there, so that the process may sleep until something else comes.
void port::examine_all() {
    const receive_wait nothing(*this, &no_type, 1);
    shm::record record;
    message_frame frame;
    find(&nothing, shm::looking::thoroughly, record, frame);
}

port::picked port::pick(letter& into, const receive_wait* wants, shm::looking how) {
    if (own_waiting_ != 0 && pick_own(into, wants)) return picked::letter;
    shm::record record;
    if (shared_reader_) {
        notice_deaths();
        for (;;) {
            const shm::sight seen = shared_reader_->take(record);
            give_back_room(false);  // it may have finished what others had begun
            switch (seen) {
            case shm::sight::message: break;
            case shm::sight::ended: return picked::ended;
            case shm::sight::corrupt:
                throw corrupt("the ring of this queue is damaged; the queue cannot be used any more");
            case shm::sight::empty:
            case shm::sight::in_flight: return picked::nothing;
            }
            into.frame = frame_of(record);
            if (meant_for_us(into.frame) && open(record, into)) return picked::letter;
            give_back_room(shared_reader_->finish(record));
        }
    }
    for (;;) {
        switch (find(wants, how, record, into.frame)) {
        case shm::sight::message: break;
        case shm::sight::ended: return picked::ended;
        case shm::sight::corrupt: throw corrupt("the ring of this " + std::string(noun(kind_)) + " is damaged");
        case shm::sight::empty:
        case shm::sight::in_flight:
            if (reader_->writers_want_room()) flush();
            return picked::nothing;
        }
        if (is_refused(into.frame)) return picked::nothing;
        if (open(record, into)) return picked::letter;
        reader_->consume(record);
    }
}

bool port::last_of_batch(const letter& taken) noexcept {
    return taken.part + 1u >= channel::count_of_batch(body_of(taken));
}

void port::finish(letter& taken) noexcept {
    if (taken.kind == own_record) return finish_own(taken);
    shm::record record;
    record.position = taken.position;
    record.payload = taken.payload;
    record.bytes = taken.bytes;
    record.kind = taken.kind;
    TROUPE_STEP("port: letter in hand");
    bool writers_wait = false;
    if (shared_reader_) {
        std::atomic<std::uint64_t>& receiving = participant_.self().receiving;
        receiving.store(channel_.value,
                        std::memory_order_seq_cst);  // sync: receiving - publishes that an item is being counted
        writers_wait = shared_reader_->finish(record);
        TROUPE_STEP("port: item finished");
        // crash: not counted, and not waited for
        record_->got.fetch_add(1, std::memory_order_seq_cst);  // sync: got - publishes that an item was received
        receiving.store(0, std::memory_order_seq_cst);         // sync: receiving - publishes that it is counted
    } else if (reader_) {
        const bool more = taken.kind == batch_record && !last_of_batch(taken);
        more ? reader_->consume_part(record, taken.part + 1u) : reader_->consume(record);
        writers_wait = reader_->flush_when_due();
    }
    TROUPE_STEP("port: letter finished");
    if (taken.block != 0) drop_block(std::exchange(taken.block, 0));
    give_back_room(writers_wait);
}

void port::flush() { give_back_room(reader_->flush()); }

void port::return_room(bool before_sleep) {
    if (!reader_->owes_room()) {
        turns_owing_ = 0;
    } else if (before_sleep || (reader_->writers_want_room() && ++turns_owing_ == most_turns_owing)) {
        turns_owing_ = 0;
        flush();
    }
}

void port::give_back_room(bool writers_wait) noexcept {
    if (shared_reader_ && shared_reader_->writers_wait()) writers_wait = true;
    if (reader_ && reader_->writers_wait()) writers_wait = true;
    if (writers_wait) participant_.notify_all(ring_.waiting_writers());
    if (!shared_reader_) return;
    if (shared_reader_->readers_wait()) notify_reader(true);
    if (shared_reader_->head_moved()) tell_if_drained();
}

// --- drained -------------------------------------------------------------------------------------------------------

// Whoever receives an item says so in its slot, until it has counted the item: so an item is always seen in one of the
// three places, and one whose receiver was killed in between is not waited for.
bool port::drained() const {
    // sync: draining - observes the head's move by whoever did not see that it is watched
    static_cast<void>(ring_.head().load(std::memory_order_seq_cst));
    if (!ring_.empty()) return false;
    bool receiving = false;
    record_->readers.for_each([&](std::uint32_t slot) {
        // sync: receiving - observes that an item is being counted
        const std::uint64_t queue =
            participant_.memory().process(static_cast<std::uint16_t>(slot)).receiving.load(std::memory_order_seq_cst);
        if (queue == channel_.value) receiving = true;
    });
    // What was reported first, which is never more than what was received: if the two are equal, they were so when the
    // second was read.
    // sync: done - observes what was reported
    const std::uint64_t done = record_->done.load(std::memory_order_seq_cst);
    // sync: got - observes the items that were counted
    return !receiving && done == record_->got.load(std::memory_order_seq_cst);
}

void port::task_done() {
    std::uint64_t done = record_->done.load(std::memory_order_acquire);  // sync: done - observes what was reported
    do {
        // sync: got - observes the items that were counted
        if (done == record_->got.load(std::memory_order_acquire)) {
            throw misuse("task_done was called more often than items were received from the queue");
        }
        // sync: done - publishes that an item was dealt with
    } while (!record_->done.compare_exchange_weak(done, done + 1, std::memory_order_seq_cst));
    tell_if_drained();
}

// The last report may find the last item still in the ring, because another reader is about to move the head past it.
void port::tell_if_drained() noexcept {
    // sync: draining - observes that it is watched, behind the head's move or the report
    if (record_->draining.load(std::memory_order_seq_cst) != 0 && drained()) participant_.notify_all(record_->readers);
}

// crash: watched for ever by the dead: others are told in vain
// sync: draining - publishes that it is watched, before the watcher looks
void port::watch_drain() noexcept { record_->draining.fetch_add(1, std::memory_order_seq_cst); }
// relaxed: one too many tells somebody in vain
void port::unwatch_drain() noexcept { record_->draining.fetch_sub(1, std::memory_order_relaxed); }

// --- waiting -------------------------------------------------------------------------------------------------------

void port::enlist_as_source() {
    if (a_source_) return;
    a_source_ = true;
    loop::event_loop::current().enroll(*this);
}

void port::stop_being_a_source() noexcept {
    if (!receivers_.empty() || !senders_.empty() || !a_source_) return;
    a_source_ = false;
    loop::event_loop::current().dismiss(*this);
    if (sending_ == 0 && receiving_ == 0 && !target_ && !reader_) participant_.forget_port(channel_);
}

void port::wake_receivers() noexcept {
    receivers_.for_each([](receive_wait& one) { one.wake(); });
}

void port::wait_for_letter(receive_wait& wait) {
    receivers_.append(wait);
    enlist_as_source();
}

void port::wait_for_room(room_wait& wait) {
    senders_.append(wait);
    enlist_as_source();
    if (!asking_for_room_) {
        asking_for_room_ = true;
        writer_.ask_for_room(participant_.slot());
    }
    wait.wake();  // there may be room by now
}

void port::leave(receive_wait& wait) noexcept {
    receivers_.remove(wait);
    // It may have been rung for an item that it does not take, which is for another reader then.
    if (shared_reader_ && receivers_.empty() && shared_reader_->was_woken()) {
        shared_reader_->decline();
        give_back_room(false);
    }
    stop_being_a_source();
}

void port::leave(room_wait& wait) noexcept {
    senders_.remove(wait);
    if (senders_.empty() && asking_for_room_) {
        asking_for_room_ = false;
        writer_.stop_asking(participant_.slot());
    }
    stop_being_a_source();
}

// Wakes a wait that would find something, unless another was woken for that.
bool port::wake_if_due(receive_wait& wait, shm::looking how) {
    shm::record record;
    message_frame frame;
    switch (find(wait.wants_all() ? nullptr : &wait, how, record, frame)) {
    case shm::sight::message: break;
    case shm::sight::ended:
    case shm::sight::corrupt: wait.wake(); return true;
    case shm::sight::empty:
    case shm::sight::in_flight: return false;
    }
    if (std::find(promised_.begin(), promised_.end(), record.position) != promised_.end()) return false;
    if (is_refused(frame)) {
        examine_all();
        return false;
    }
    promised_.push_back(record.position);
    wait.wake();
    return true;
}

bool port::poll() {
    bool woke = false;
    const bool somebody_died = notice_deaths();
    if (receivers_.empty()) {
        // Nothing to look for.
    } else if (const shm::looking how = due_look(somebody_died); shared_reader_) {
        if (how == shm::looking::thoroughly || shared_reader_->glance()) {
            receivers_.first()->wake();
            woke = true;
        }
    } else if (receivers_.has_one() && receivers_.first()->wants_all() && !participant_.in_hand().full()) {
        shm::record record;
        const shm::sight seen = reader_->look(record, how);
        woke = seen != shm::sight::empty && seen != shm::sight::in_flight;
        if (woke) receivers_.first()->wake();
    } else {
        promised_.clear();
        receivers_.for_each([&](receive_wait& one) { woke = wake_if_due(one, how) || woke; });
    }
    if (!senders_.empty() && (room_may_have_come() || somebody_died)) {
        senders_.for_each([](room_wait& one) { one.wake(); });
        woke = true;
    }
    return woke;
}

bool port::notice_deaths() {
    const std::uint64_t deaths = participant_.memory().deaths();
    if (deaths == deaths_seen_) return false;
    deaths_seen_ = deaths;
    if (shared_reader_) {
        shared_reader_->notice_deaths();
        give_back_room(false);
    }
    return true;
}

bool port::room_may_have_come() const noexcept {
    return ring_.head_position() != head_when_full_ || ring_.closed() ||
           (target_ && !participant_.memory().alive(target_));
}

loop::parking port::park() {
    if (!senders_.empty() && room_may_have_come()) return loop::parking::ready;
    return receivers_.empty() ? loop::parking::parked : park_for_letter();
}

loop::parking port::park_for_letter() {
    const shm::sight seen = shared_reader_ ? shared_reader_->park(participant_.slot()) : reader_->park();
    give_back_room(false);
    switch (seen) {
    case shm::sight::empty: reader_parked_ = true; return loop::parking::parked;
    case shm::sight::in_flight: look_due_ = true; return loop::parking::in_flight;
    case shm::sight::message:
    case shm::sight::ended:
    case shm::sight::corrupt: break;
    }
    look_due_ = true;
    return loop::parking::ready;
}

void port::unpark() {
    if (!std::exchange(reader_parked_, false)) return;
    look_due_ = true;
    if (shared_reader_) {
        shared_reader_->unpark(participant_.slot());
        if (receivers_.empty()) shared_reader_->decline();
        give_back_room(false);
    } else {
        reader_->unpark();
    }
}

bool port::glance() {
    if (!receivers_.empty() && glance_for_letter()) return true;
    return !senders_.empty() && room_may_have_come();
}

}  // namespace troupe::detail
