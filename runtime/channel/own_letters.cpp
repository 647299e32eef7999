#include "channel/own_letters.hpp"

#include <algorithm>
#include <utility>

namespace troupe::channel {

void own_letters::put(std::uint32_t type, detail::encoded_message message) {
    auto found = std::find_if(lanes_.begin(), lanes_.end(), [type](const lane& one) { return one.type == type; });
    if (found == lanes_.end()) found = lanes_.insert(found, lane{type});
    found->waiting.push_back({std::move(message)});
    ++count_;
}

bool own_letters::pick(detail::letter& into, const detail::receive_wait* wants) {
    for (lane& one : lanes_) {
        if (wants != nullptr && !wants->wants(one.type)) continue;
        const auto next = std::find_if(one.waiting.begin(), one.waiting.end(),
                                       [](const own_letter& letter) { return !letter.in_hand; });
        if (next == one.waiting.end()) continue;
        next->in_hand = true;
        into = {};
        into.own = &*next;
        into.frame.type = one.type;
        into.content = {next->message->bytes, next->message->handles, next->message->flat};
        return true;
    }
    return false;
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
