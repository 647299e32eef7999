#include "channel/own_letters.hpp"

#include <algorithm>
#include <utility>

namespace troupe::channel {

void own_letters::put(std::uint32_t type, detail::encoded_message message) {
    auto found = std::find_if(lanes_.begin(), lanes_.end(), [type](const lane& one) { return one.type == type; });
    if (found == lanes_.end()) found = lanes_.insert(found, lane{type});
    found->waiting.push_back({std::move(message), put_++});
    ++count_;
}

std::size_t own_letters::size_of(std::uint32_t type) const noexcept {
    const auto found = std::find_if(lanes_.begin(), lanes_.end(), [type](const lane& one) { return one.type == type; });
    return found == lanes_.end() ? 0 : found->waiting.size();
}

bool own_letters::pick(detail::letter& into, const detail::receive_wait* wants) {
    own_letter* first = nullptr;
    std::uint32_t type = 0;
    for (lane& one : lanes_) {
        if (wants != nullptr && !wants->wants(one.type)) continue;
        const auto next = std::find_if(one.waiting.begin(), one.waiting.end(),
                                       [](const own_letter& letter) { return !letter.in_hand; });
        if (next == one.waiting.end() || (first != nullptr && first->number < next->number)) continue;
        first = &*next;
        type = one.type;
    }
    if (first == nullptr) return false;
    first->in_hand = true;
    into = {};
    into.own = first;
    into.frame.type = type;
    into.content = {first->message->bytes, first->message->handles, first->message->flat};
    return true;
}

void own_letters::finish(const detail::letter& taken) noexcept {
    for (lane& one : lanes_) {
        if (one.type != taken.frame.type) continue;
        const auto done = std::find_if(one.waiting.begin(), one.waiting.end(),
                                       [&taken](const own_letter& letter) { return &letter == taken.own; });
        if (done == one.waiting.end()) return;
        one.waiting.erase(done);
        --count_;
    }
}

}  // namespace troupe::channel
