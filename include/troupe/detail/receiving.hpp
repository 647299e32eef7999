// The waits of a mailbox, and what they make of the message in hand.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include <troupe/detail/decoded.hpp>
#include <troupe/detail/handler.hpp>
#include <troupe/detail/receive_wait.hpp>
#include <troupe/detail/reply_address.hpp>
#include <troupe/error.hpp>
#include <troupe/request.hpp>

namespace troupe::detail {

template <class M>
received<M> take_received(receive_wait& taken) {
    if constexpr (request_like<M>) {
        reply_address from = reply_address_of(taken.in_hand());
        try {
            return request<M>(take_decoded<M>(taken), std::move(from));
        } catch (const corrupt&) {
            from.answer_with_exception();
            throw;
        }
    } else {
        return take_decoded<M>(taken);
    }
}

template <class M>
inline constexpr std::uint32_t type_wanted = type_id<M>();

template <class M>
class receive_one final : public receive_wait {
public:
    explicit receive_one(channel::inbox& from) : receive_wait(from, &type_wanted<M>, 1) {}
    std::optional<received<M>> await_resume() {
        throw_if_failed();
        if (!has_letter()) return std::nullopt;
        return take_received<M>(*this);
    }
};

template <class... Ms>
class receive_any final : public receive_wait {
public:
    using value = std::variant<received<Ms>...>;
    using receive_wait::receive_wait;
    std::optional<value> await_resume() {
        throw_if_failed();
        return take();
    }
    std::optional<value> try_get() { return try_receive() ? take() : std::nullopt; }

private:
    std::optional<value> take() {
        if (!has_letter()) return std::nullopt;
        std::optional<value> result;
        const std::uint32_t type = in_hand().frame.type;
        (void)((type == type_id<Ms>() &&
                (result.emplace(std::in_place_type<received<Ms>>, take_received<Ms>(*this)), true)) ||
               ...);
        if (!result) {
            finish();
            throw_wrong_type();
        }
        return result;
    }
};

// Waits for the next message of any type, and leaves it in hand.
class next_letter final : public receive_wait {
public:
    using receive_wait::receive_wait;
    bool await_resume() {
        throw_if_failed();
        return has_letter();
    }
};

}  // namespace troupe::detail
