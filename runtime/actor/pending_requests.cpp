#include "actor/pending_requests.hpp"

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
#include "loop/wait_notes.hpp"

namespace troupe::actors {
namespace {

// A request's number: generation:22 | place:10. Never 0, which says that no reply is wanted. Each incarnation of an
// actor begins with generations of its own: a late reply to an earlier one whose owner number was the same is none to
// it.
constexpr std::uint32_t index_bits = 10, incarnation_bits = 10, generation_bits = 22;
std::uint32_t number_of(std::size_t index, std::uint32_t generation) {
    return generation << index_bits | static_cast<std::uint32_t>(index);
}

}  // namespace

pending_requests::~pending_requests() {
    if (enrolled() && loop::event_loop::exists()) loop::event_loop::current().dismiss(*this);
}

void pending_requests::open() {
    // Room for each reply is set aside, and whoever answers does not wait: so none is too much beside the ring.
    const shm::channel_id made = channel::make_channel(participant_, shm::channel_kind::replies, granule_bits,
                                                       {.bytes = channel::unbounded, .reader = participant_.slot()});
    replies_ = &participant_.port_of(made).read_alone();
    entries_ = std::make_unique<std::array<entry, most_requests>>();
    const std::uint32_t incarnation = participant_.self().incarnation.known();
    const std::uint32_t first = incarnation % (1u << incarnation_bits) << (generation_bits - incarnation_bits);
    for (entry& one : *entries_) one.generation = first;
    participant_.memory().channels().open(made);
    participant_.self().activity.replies.set(made);
    loop::event_loop::current().enroll(*this);
}

std::optional<std::uint32_t> pending_requests::reserve(detail::expected_reply& reply) {
    if (replies_ == nullptr) open();
    if (given_up_ != 0) refuse_silent(reply.from());
    if (used_ == most_requests) return std::nullopt;
    while ((*entries_)[next_].used) next_ = (next_ + 1) % most_requests;
    entry& one = (*entries_)[next_];
    one = {.reply = &reply,
           .target = reply.from(),
           .generation = one.generation % ((1u << generation_bits) - 1) + 1,
           .used = true};
    link(one);
    ++used_;
    participant_.memory().process(reply.from().slot()).watchers.add(participant_.slot());
    return number_of(next_, one.generation);
}

void pending_requests::link(entry& one) noexcept {
    const auto place = static_cast<std::uint16_t>(&one - entries_->data());
    one.older = newest_;
    one.newer = nowhere;
    (newest_ != nowhere ? (*entries_)[newest_].newer : oldest_) = place;
    newest_ = place;
}

void pending_requests::unlink(entry& one) noexcept {
    (one.older != nowhere ? (*entries_)[one.older].newer : oldest_) = one.newer;
    (one.newer != nowhere ? (*entries_)[one.newer].older : newest_) = one.older;
}

pending_requests::entry* pending_requests::find(std::uint32_t request) noexcept {
    const std::uint32_t index = request & ((1u << index_bits) - 1);
    if (!entries_ || index >= most_requests) return nullptr;
    entry& one = (*entries_)[index];
    return one.used && number_of(index, one.generation) == request ? &one : nullptr;
}

void pending_requests::free(entry& one) noexcept {
    if (one.given_up) {
        --given_up_;
        silence* const silent = silence_of(one.target);
        if (--silent->requests == 0) {
            *silent = silent_.back();
            silent_.pop_back();
        }
    } else {
        unlink(one);
    }
    one.used = one.given_up = false;
    one.reply = nullptr;
    --used_;
    next_turn();
}

// One place is one turn. Whoever leaves the line passes it on, and so does who finds that it has no use for it.
void pending_requests::next_turn() noexcept {
    if (used_ < most_requests && !turns_.empty()) turns_.first()->wake();
}

pending_requests::silence* pending_requests::silence_of(detail::actor_id actor) noexcept {
    const auto found =
        std::find_if(silent_.begin(), silent_.end(), [actor](const silence& one) { return one.actor == actor; });
    return found == silent_.end() ? nullptr : &*found;
}

void pending_requests::refuse_silent(detail::actor_id target) {
    if (const silence* const silent = silence_of(target)) {
        if (silent->requests < std::max<std::size_t>(1, (most_requests - given_up_) / share)) return;
        throw timed_out(participant_.memory().processes().described(target) + " has not answered " +
                        std::to_string(silent->requests) +
                        " requests that were given up, and is asked nothing more by this actor until it answers one or "
                        "ends: end it if it hangs, or give it longer if it is slow");
    }
    if (given_up_ < most_requests) return;
    throw timed_out(std::to_string(silent_.size()) + " actors have not answered " + std::to_string(given_up_) +
                    " requests that were given up, and an actor can have no more under way: end those that hang (" +
                    participant_.memory().processes().described(silent_.front().actor) + " is one)");
}

void pending_requests::unreserve(std::uint32_t request) noexcept {
    if (entry* one = find(request)) free(*one);
}

void pending_requests::give_up(std::uint32_t request) noexcept {
    entry* const one = find(request);
    if (one == nullptr) return;
    unlink(*one);
    one->reply = nullptr;
    one->given_up = true;
    ++given_up_;
    if (silence* const silent = silence_of(one->target)) {
        ++silent->requests;
    } else {
        silent_.push_back({one->target, 1});
    }
    // Whoever waits for a turn may find that there is none to wait for.
    if (given_up_ == most_requests) turns_.for_each([](detail::expected_reply& next) { next.wake(); });
}

void pending_requests::wait_for_turn(detail::expected_reply& reply) { turns_.append(reply); }

void pending_requests::leave_turn(detail::expected_reply& reply) noexcept {
    turns_.remove(reply);
    next_turn();
}

void pending_requests::drop_block(std::uint64_t block) noexcept { replies_->of().drop_parcel(block); }

bool pending_requests::poll() {
    // Who is dead is asked before the replies are read: what a dead actor had answered is found.
    const bool somebody_died = deaths_.notice();
    bool found = false;
    detail::letter reply;
    const shm::looking how = replies_->due_look(somebody_died);
    while (replies_->pick(reply, nullptr, how) == channel::inbox::picked::letter) {
        found = true;
        entry* one = find(reply.frame.request);
        if (one != nullptr && one->reply != nullptr) one->reply->arrive(reply);
        detail::finish_letter(reply);
        if (one != nullptr) free(*one);
        if (how == shm::looking::at_headers && !replies_->glance_for_letter()) break;
    }
    if (found) replies_->flush();  // the room of these replies is what the next requests reserve
    if (!somebody_died || used_ == 0) return found;
    for (entry& one : *entries_) {
        if (!one.used || participant_.memory().processes().is_alive(one.target)) continue;
        found = true;
        if (one.reply != nullptr) one.reply->never_comes();
        free(one);
    }
    return found;
}

// Those that are waited for, the oldest first; and behind them those that wait for a number.
void pending_requests::describe(loop::wait_notes& into) const noexcept {
    const auto tell = [&into](const detail::expected_reply& one, std::uint32_t number) {
        if (one.told() == nullptr) return true;
        return into.add(
            *one.told(),
            {.kind = base::waiting_kind::reply, .type = one.type(), .of = one.from().value, .number = number});
    };
    for (std::uint16_t at = oldest_; at != nowhere; at = (*entries_)[at].newer) {
        const entry& one = (*entries_)[at];
        if (!tell(*one.reply, number_of(at, one.generation))) return;
    }
    for (const detail::expected_reply* one = turns_.first(); one != nullptr; one = one->next_turn) {
        if (!tell(*one, 0)) return;
    }
}

bool pending_requests::glance() { return replies_->glance_for_letter() || (used_ != 0 && deaths_.changed()); }

loop::parking pending_requests::park() {
    if (used_ != 0 && deaths_.changed()) return loop::parking::ready;
    return replies_->park_for_letter();
}

void pending_requests::unpark() { replies_->unpark(); }

}  // namespace troupe::actors
