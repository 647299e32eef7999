#pragma once

#include <cstdint>
#include <utility>

#include <troupe/detail/letter.hpp>
#include <troupe/detail/outgoing.hpp>

namespace troupe::detail {

// Whoever has to answer a request. Answered once; let go without an answer, the asker gets a remote_error that says so.
class reply_address {
public:
    reply_address() noexcept = default;
    reply_address(std::uint64_t asker, std::uint32_t incarnation, std::uint32_t request, std::uint16_t hand) noexcept
        : asker_(asker), incarnation_(incarnation), request_(request), hand_(hand) {}
    reply_address(reply_address&& other) noexcept
        : asker_(std::exchange(other.asker_, 0)),
          incarnation_(other.incarnation_),
          request_(other.request_),
          hand_(other.hand_) {}
    reply_address& operator=(reply_address&& other) noexcept {
        std::swap(asker_, other.asker_);
        std::swap(incarnation_, other.incarnation_);
        std::swap(request_, other.request_);
        std::swap(hand_, other.hand_);
        return *this;
    }
    ~reply_address();

    explicit operator bool() const noexcept { return asker_ != 0; }
    void answer(outgoing& value);
    // Call inside a catch block: sends the type and the text of what is being handled.
    void answer_with_exception();
    // Answers nothing: the asker hears how this actor ended.
    void leave() noexcept { asker_ = 0; }

private:
    void send(std::uint32_t kind, outgoing& value);

    std::uint64_t asker_ = 0;
    std::uint32_t incarnation_ = 0;  // which of the asker's processes
    std::uint32_t request_ = 0;
    std::uint16_t hand_ = 0;  // where it is listed as in hand, + 1
};
reply_address reply_address_of(const letter& request);

}  // namespace troupe::detail
