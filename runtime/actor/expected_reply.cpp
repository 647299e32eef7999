#include <troupe/detail/expected_reply.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <troupe/detail/decoded.hpp>
#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "actor/pending_requests.hpp"

namespace troupe::detail {

expected_reply::~expected_reply() {
    give_up();
    if (block_ != 0) actors::own_process::here().requests().drop_block(block_);
}

bool expected_reply::take_number() {
    const auto number = actors::own_process::here().requests().reserve(*this);
    if (!number) return false;
    number_ = *number;
    state_ = state::expected;
    return true;
}

void expected_reply::return_number() noexcept {
    if (std::exchange(state_, state::unsent) != state::expected) return;
    actors::own_process::here().requests().unreserve(number_);
}

void expected_reply::give_up() noexcept {
    if (state_ != state::expected) return;
    state_ = state::lost;
    actors::own_process::here().requests().give_up(number_);
}

void expected_reply::arrive(letter& reply) noexcept {
    kind_ = reply.frame.type;
    content_ = reply.content;
    if (reply.block != 0) {
        block_ = std::exchange(reply.block, 0);
    } else {
        const std::size_t length = std::min(reply.content.bytes.size(), inline_.size());
        std::memcpy(inline_.data(), reply.content.bytes.data(), length);
        content_.bytes = {inline_.data(), length};
    }
    state_ = state::here;
    wake();
}

void expected_reply::never_comes() noexcept {
    state_ = state::lost;
    wake();
}

incoming expected_reply::content() const {
    switch (kind_) {
    case reply_value: return content_;
    case reply_exception: {
        auto [type, text] = decoded<std::pair<std::string, std::string>>(content_);
        throw remote_error(std::move(type), std::move(text));
    }
    case reply_died: {
        const shm::program_memory& memory = actors::own_process::here().memory();
        std::uint64_t ending = 0;
        if (content_.bytes.size() == sizeof ending) std::memcpy(&ending, content_.bytes.data(), sizeof ending);
        throw actor_died(memory.processes().described_as_ended(from_), memory.ends().as_told(from_, ending));
    }
    case reply_nothing: throw remote_error("troupe::unanswered", "the actor let the request go without an answer");
    default: throw corrupt("a reply of an unknown kind arrived");
    }
}

}  // namespace troupe::detail
