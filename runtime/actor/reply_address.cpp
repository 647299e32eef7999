#include <troupe/detail/reply_address.hpp>

#include <string>
#include <utility>

#include <troupe/detail/decoded.hpp>
#include <troupe/detail/reply_kind.hpp>
#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "base/type_name.hpp"
#include "channel/participant.hpp"
#include "channel/port.hpp"

namespace troupe::detail {
namespace {

void send_reply(std::uint64_t asker, std::uint32_t incarnation, std::uint32_t request, std::uint32_t kind,
                outgoing& value) {
    const actor_id to{asker};
    channel::outbox* replies = channel::participant::here().replies_of(to, incarnation);
    if (replies == nullptr) return;
    std::uint64_t block = 0;
    // Room was reserved by the asker; where there is none, the asker's ring is damaged, and it has to do without.
    const push_result result = replies->push({.type = kind, .request = request}, value, block);
    if (result != push_result::sent && block != 0) replies->of().drop_parcel(block);
}

}  // namespace

reply_address reply_address_of(const letter& request) {
    if (!request.frame.is_request()) return {};
    channel::participant& here = channel::participant::here();
    const shm::owner_id writer{request.frame.writer};
    const shm::process_slot& slot = here.memory().process(writer.slot());
    const actor_id asker = slot.actor();
    const std::uint32_t incarnation = slot.incarnation.get();
    // In this order: a writer that lives is the one that was found in its slot.
    if (request.from->writer_of(request) != shm::owner_id::make(writer.slot(), incarnation)) return {};
    return {asker.value, incarnation, request.frame.request,
            actors::own_process::here().in_hand().note_taken(request, asker, incarnation)};
}

void reply_address::send(std::uint32_t kind, outgoing& value) {
    send_reply(asker_, incarnation_, request_, kind, value);
    channel::participant::here().chronicler().note_request(
        kind == reply_nothing ? shm::event_kind::refused : shm::event_kind::answered, actor_id{asker_}, request_);
    asker_ = 0;
    if (hand_ != 0) actors::own_process::here().in_hand().note_answered(std::exchange(hand_, 0));
}

reply_address::~reply_address() {
    if (asker_ == 0 || channel::participant::current() == nullptr) return;
    try {
        send(reply_nothing, *encoded_message());
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
    try {
        send(reply_exception, *encoded(std::pair(caught.type, caught.text)));
    } catch (const out_of_memory&) {
        // What fits the asker's ring needs no memory.
        send(reply_exception, *encoded(std::pair(caught.type.substr(0, 40), caught.text.substr(0, 56))));
    }
}

}  // namespace troupe::detail
