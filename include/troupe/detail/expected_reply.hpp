#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/letter.hpp>
#include <troupe/detail/outgoing.hpp>
#include <troupe/detail/reply_kind.hpp>
#include <troupe/detail/wait.hpp>

namespace troupe::detail {

// A reply that this process expects: its number among the requests under way, and what it says once it is here. It may
// be moved until it has a number. One that is destroyed before its reply is here is given up.
class expected_reply {
public:
    expected_reply() noexcept = default;
    explicit expected_reply(actor_id from) noexcept : from_(from) {}
    expected_reply(expected_reply&& other) noexcept : from_(other.from_) {}
    expected_reply& operator=(expected_reply&&) = delete;
    ~expected_reply();

    actor_id from() const noexcept { return from_; }
    void expect_from(actor_id one) noexcept { from_ = one; }

    // Takes a number, which the request is sent with. Returns false if too many requests are under way; then it may
    // stand in line for one. Throws timed_out for an actor that leaves too many requests unanswered.
    bool take_number();
    std::uint32_t number() const noexcept { return number_; }
    // The request was not sent after all.
    void return_number() noexcept;
    void give_up() noexcept;

    // The wait that is woken when something happens, null for none; and what kind of message it has asked with.
    void tell(wait* one, std::uint32_t type = 0) noexcept {
        told_ = one;
        type_ = type;
    }
    const wait* told() const noexcept { return told_; }
    std::uint32_t type() const noexcept { return type_; }
    void wake() noexcept {
        if (told_ != nullptr) told_->wake();
    }

    void arrive(letter& reply) noexcept;
    // The actor is dead.
    void never_comes() noexcept;
    bool arrived() const noexcept { return state_ == state::here; }
    bool lost() const noexcept { return state_ == state::lost; }

    // After it has arrived. Throws what it says: remote_error if the handler threw, actor_died, corrupt.
    incoming content() const;

    expected_reply* next_turn = nullptr;

private:
    enum class state : std::uint8_t { unsent, expected, here, lost };

    actor_id from_;
    wait* told_ = nullptr;
    std::uint32_t number_ = 0;
    std::uint32_t type_ = 0;
    state state_ = state::unsent;
    std::uint32_t kind_ = 0;
    std::uint64_t block_ = 0;
    incoming content_;
    std::array<std::byte, inline_reply_bytes> inline_;
};

}  // namespace troupe::detail
