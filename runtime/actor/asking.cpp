#include "actor/asking.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <troupe/actor.hpp>
#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "base/type_name.hpp"
#include "channel/making.hpp"
#include "channel/port.hpp"
#include "loop/event_loop.hpp"

namespace troupe::actors {
namespace {

// A request's number: generation:22 | place:10. Never 0, which says that no reply is wanted. Each incarnation of an
// actor begins with generations of its own: a late reply to an earlier one whose owner number was the same is none to
// it.
constexpr std::uint32_t place_bits = 10, incarnation_bits = 10, generation_bits = 22;
std::uint32_t number_of(std::size_t place, std::uint32_t generation) {
    return generation << place_bits | static_cast<std::uint32_t>(place);
}

}  // namespace

asking::~asking() {
    if (enrolled() && loop::event_loop::exists()) loop::event_loop::current().dismiss(*this);
}

void asking::open() {
    const shm::channel_id made =
        channel::make_channel(station_, shm::channel_kind::replies, granule_bits, {.reader = station_.slot()});
    replies_ = &station_.port_of(made);
    replies_->read_alone();
    places_ = std::make_unique<std::array<place, most_requests>>();
    // relaxed: of this process
    const std::uint32_t incarnation = station_.self().incarnation.load(std::memory_order_relaxed);
    const std::uint32_t first = incarnation % (1u << incarnation_bits) << (generation_bits - incarnation_bits);
    for (place& one : *places_) one.generation = first;
    station_.memory().open_channel(made);
    station_.self().replies.store(made.index() + 1u, std::memory_order_release);  // sync: replies - publishes the ring
    loop::event_loop::current().enroll(*this);
}

std::optional<std::uint32_t> asking::reserve(detail::ask_wait& wait) {
    if (replies_ == nullptr) open();
    if (given_up_ != 0) refuse_silent(wait.target());
    if (used_ == most_requests) return std::nullopt;
    while ((*places_)[next_].used) next_ = (next_ + 1) % most_requests;
    place& one = (*places_)[next_];
    one = {&wait, wait.target(), one.generation % ((1u << generation_bits) - 1) + 1, true};
    ++used_;
    station_.memory().process(wait.target().slot()).watchers.add(station_.slot());
    return number_of(next_, one.generation);
}

asking::place* asking::find(std::uint32_t request) noexcept {
    const std::uint32_t index = request & ((1u << place_bits) - 1);
    if (!places_ || index >= most_requests) return nullptr;
    place& one = (*places_)[index];
    return one.used && number_of(index, one.generation) == request ? &one : nullptr;
}

void asking::free(place& one) noexcept {
    if (one.given_up) {
        --given_up_;
        silence* const silent = silence_of(one.target);
        if (--silent->requests == 0) {
            *silent = silent_.back();
            silent_.pop_back();
        }
    }
    one.used = one.given_up = false;
    one.wait = nullptr;
    --used_;
    next_turn();
}

// One place is one turn. Whoever leaves the line passes it on, and so does who finds that it has no use for it.
void asking::next_turn() noexcept {
    if (used_ < most_requests && !turns_.empty()) turns_.first()->wake();
}

asking::silence* asking::silence_of(detail::actor_id actor) noexcept {
    const auto found =
        std::find_if(silent_.begin(), silent_.end(), [actor](const silence& one) { return one.actor == actor; });
    return found == silent_.end() ? nullptr : &*found;
}

void asking::refuse_silent(detail::actor_id target) {
    if (const silence* const silent = silence_of(target)) {
        if (silent->requests < std::max<std::size_t>(1, (most_requests - given_up_) / share)) return;
        throw timed_out(station_.memory().described(target) + " has not answered " + std::to_string(silent->requests) +
                        " requests that were given up, and is asked nothing more by this actor until it answers one or "
                        "ends: end it if it hangs, or give it longer if it is slow");
    }
    if (given_up_ < most_requests) return;
    throw timed_out(std::to_string(silent_.size()) + " actors have not answered " + std::to_string(given_up_) +
                    " requests that were given up, and an actor can have no more under way: end those that hang (" +
                    station_.memory().described(silent_.front().actor) + " is one)");
}

void asking::unreserve(std::uint32_t request) noexcept {
    if (place* one = find(request)) free(*one);
}

void asking::give_up(std::uint32_t request) noexcept {
    place* const one = find(request);
    if (one == nullptr) return;
    one->wait = nullptr;
    one->given_up = true;
    ++given_up_;
    if (silence* const silent = silence_of(one->target)) {
        ++silent->requests;
    } else {
        silent_.push_back({one->target, 1});
    }
    // Whoever waits for a turn may find that there is none to wait for.
    if (given_up_ == most_requests) turns_.for_each([](detail::ask_wait& next) { next.wake(); });
}

void asking::wait_for_turn(detail::ask_wait& wait) { turns_.append(wait); }

void asking::leave_turn(detail::ask_wait& wait) noexcept {
    turns_.remove(wait);
    next_turn();
}

void asking::drop_block(std::uint64_t block) noexcept { replies_->drop_block(block); }

bool asking::poll() {
    // Who is dead is asked before the replies are read: what a dead actor had answered is found.
    const std::uint64_t deaths = station_.memory().deaths();
    bool found = false;
    detail::letter reply;
    const shm::looking how = replies_->due_look(deaths != deaths_seen_);
    while (replies_->pick(reply, nullptr, how) == detail::port::picked::letter) {
        found = true;
        place* one = find(reply.frame.request);
        if (one != nullptr && one->wait != nullptr) one->wait->reply_arrived(reply);
        detail::finish_letter(reply);
        if (one != nullptr) free(*one);
    }
    if (found) replies_->flush();  // the room of these replies is what the next requests reserve
    if (deaths == deaths_seen_) return found;
    deaths_seen_ = deaths;
    if (used_ == 0) return found;
    for (place& one : *places_) {
        if (!one.used || station_.memory().alive(one.target)) continue;
        found = true;
        if (one.wait != nullptr) one.wait->target_died();
        free(one);
    }
    return found;
}

bool asking::glance() {
    return replies_->glance_for_letter() || (used_ != 0 && station_.memory().deaths() != deaths_seen_);
}

loop::parking asking::park() {
    if (used_ != 0 && station_.memory().deaths() != deaths_seen_) return loop::parking::ready;
    return replies_->park_for_letter();
}

void asking::unpark() { replies_->unpark(); }

}  // namespace troupe::actors

namespace troupe::detail {

// --- ask_wait ------------------------------------------------------------------------------------------------------

ask_wait::ask_wait(actor_id target, message_frame frame, parting message)
    : target_(target), frame_(frame), message_(std::move(message)) {}

ask_wait::ask_wait(ask_wait&& other) noexcept
    : room_wait(), target_(other.target_), frame_(other.frame_), message_(std::move(other.message_)) {}

ask_wait::~ask_wait() {
    if (request_block_ != 0 && to_ != nullptr) to_->drop_block(request_block_);
    if (reply_block_ != 0) actors::own_process::here().asking().drop_block(reply_block_);
}

void ask_wait::send() {
    actors::asking& asking = actors::own_process::here().asking();
    to_ = &mailbox_of(target_);
    const auto request = asking.reserve(*this);
    has_turn_ = request.has_value();
    if (!request) return;
    frame_.request = *request;
    push_result result = push_result::closed;
    try {
        result = to_->push(frame_, *message_, request_block_);
    } catch (...) {
        asking.unreserve(*request);
        throw;
    }
    if (result == push_result::sent) {
        stage_ = stage::sent;
        leave_queue();
        return;
    }
    asking.unreserve(*request);
    if (result == push_result::closed) to_->throw_closed();
}

// Stands where it now waits: behind those who wait for a place, or for room in the mailbox.
void ask_wait::stand_in_line() {
    const queued right = has_turn_ ? queued::for_room : queued::for_turn;
    if (queued_ == right) return;
    leave_queue();
    if (has_turn_) {
        to_->wait_for_room(*this);
    } else {
        actors::own_process::here().asking().wait_for_turn(*this);
    }
    queued_ = right;
}

bool ask_wait::try_finish() {
    if (stage_ == stage::unsent) send();
    if (stage_ == stage::answered) return true;
    if (target_dead_) to_->throw_closed();
    if (stage_ == stage::unsent && queued_ != queued::nowhere) stand_in_line();
    return false;
}

void ask_wait::enlist() {
    if (stage_ == stage::unsent) stand_in_line();
}

void ask_wait::leave_queue() noexcept {
    switch (std::exchange(queued_, queued::nowhere)) {
    case queued::for_room: to_->leave(*this); break;
    case queued::for_turn: actors::own_process::here().asking().leave_turn(*this); break;
    case queued::nowhere: break;
    }
}

void ask_wait::abandon() noexcept {
    leave_queue();
    if (stage_ == stage::sent) actors::own_process::here().asking().give_up(frame_.request);
}

void ask_wait::reply_arrived(letter& reply) noexcept {
    kind_ = reply.frame.type;
    reply_ = reply.content;
    if (reply.block != 0) {
        reply_block_ = std::exchange(reply.block, 0);
    } else {
        const std::size_t length = std::min(reply.content.bytes.size(), inline_.size());
        std::memcpy(inline_.data(), reply.content.bytes.data(), length);
        reply_.bytes = {inline_.data(), length};
    }
    stage_ = stage::answered;
    wake();
}

incoming ask_wait::reply() {
    switch (kind_) {
    case reply_value: return reply_;
    case reply_exception: {
        auto [type, text] = decoded<std::pair<std::string, std::string>>(reply_);
        throw remote_error(std::move(type), std::move(text));
    }
    case reply_died: {
        actors::own_process& here = actors::own_process::here();
        std::uint64_t ending = 0;
        if (reply_.bytes.size() == sizeof ending) std::memcpy(&ending, reply_.bytes.data(), sizeof ending);
        throw actor_died(here.memory().described_as_ended(target_), here.memory().end_as_told(target_, ending));
    }
    case reply_nothing: throw remote_error("troupe::unanswered", "the actor let the request go without an answer");
    default: throw corrupt("a reply of an unknown kind arrived");
    }
}

// --- answering -----------------------------------------------------------------------------------------------------

namespace {

// The lane for replies of a process that lives; null when it has ended, and nobody is left to hear.
port* lane_of(actor_id asker, std::uint32_t incarnation) {
    channel::station& here = channel::station::here();
    const shm::program_memory& memory = here.memory();
    const shm::process_slot& slot = memory.process(asker.slot());
    // sync: incarnation - observes the start of a later one
    const bool same = slot.actor() == asker && slot.incarnation.load(std::memory_order_acquire) == incarnation;
    if (!same || shm::has_ended(slot.present().state)) return nullptr;
    const std::uint32_t index = slot.replies.load(std::memory_order_acquire);  // sync: replies - observes the ring
    if (index == 0) return nullptr;
    try {
        return &here.port_of(memory.channel(static_cast<std::uint16_t>(index - 1)).name());
    } catch (const corrupt&) {
        return nullptr;  // it ended this moment, and its lane is being given back
    }
}

void send_reply(std::uint64_t asker, std::uint32_t incarnation, std::uint32_t request, std::uint32_t kind,
                outgoing& value) {
    const actor_id to{asker};
    port* replies = lane_of(to, incarnation);
    if (replies == nullptr) return;
    replies->deliver_to(to);
    std::uint64_t block = 0;
    // Room was reserved by the asker; where there is none, the asker's ring is damaged, and it has to do without.
    const push_result result = replies->push({.type = kind, .request = request}, value, block);
    if (result != push_result::sent && block != 0) replies->drop_block(block);
}

}  // namespace

reply_address reply_address_of(const letter& request) {
    if (request.frame.request == 0) return {};
    channel::station& here = channel::station::here();
    const shm::owner_id writer{request.frame.writer};
    const shm::process_slot& slot = here.memory().process(writer.slot());
    const actor_id asker = slot.actor();
    // sync: incarnation - observes the claim of the slot
    const std::uint32_t incarnation = slot.incarnation.load(std::memory_order_acquire);
    // In this order: a writer that lives is the one that was found in its slot.
    if (request.from->writer_of(request) != shm::owner_id::make(writer.slot(), incarnation)) return {};
    return {asker.value, incarnation, request.frame.request, here.hands().take(request, asker, incarnation)};
}

void reply_address::send(std::uint32_t kind, outgoing& value) {
    send_reply(asker_, incarnation_, request_, kind, value);
    asker_ = 0;
    if (hand_ != 0) channel::station::here().hands().lay_down(std::exchange(hand_, 0));
}

reply_address::~reply_address() {
    if (asker_ == 0 || channel::station::current() == nullptr) return;
    try {
        send(reply_nothing, *parting());
    } catch (...) {
        // No memory for a message of no bytes: the asker's deadline is what is left.
    }
}

void reply_address::answer(outgoing& value) {
    if (asker_ != 0) send(reply_value, value);
}

void reply_address::answer_with_exception() {
    if (asker_ == 0) return;
    const base::caught caught = base::current_exception_description();
    send(reply_exception, *encoded(std::pair(caught.type, caught.text)));
}

}  // namespace troupe::detail
