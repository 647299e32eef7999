// The waits of those who send or receive many messages at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/detail/decoded.hpp>
#include <troupe/detail/port.hpp>
#include <troupe/error.hpp>

namespace troupe::detail {

// Sends messages as long as there are some, many in one record where they are small.
class batch_wait : public room_wait {
public:
    void await_resume() const { check(); }

protected:
    batch_wait(port& to, message_frame frame) noexcept : port_(&to), frame_(frame) {}
    batch_wait(batch_wait&& other) noexcept : room_wait(), port_(other.port_), frame_(other.frame_) {}
    batch_wait& operator=(batch_wait&&) = delete;
    ~batch_wait();

    // Encodes the next message; false: there is none.
    virtual bool encode_next(outgoing& into) = 0;

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    bool load();
    void encode_one();

    port* port_;
    message_frame frame_;
    std::optional<parting> next_;  // encoded, and in no batch yet
    std::optional<parting> batch_;
    std::vector<std::uint16_t> ends_;  // of the messages in the batch
    std::exception_ptr refused_;       // why the message after them could not be encoded
    std::uint64_t block_ = 0;          // of a message that goes beside the ring
};

template <class M>
class send_many_wait final : public batch_wait {
public:
    send_many_wait(port& to, std::span<const M> messages) noexcept
        : batch_wait(to, {.type = type_id<M>()}), rest_(messages) {}
    send_many_wait(send_many_wait&&) noexcept = default;

private:
    bool encode_next(outgoing& into) override {
        if (rest_.empty()) return false;
        const M& one = rest_.front();
        rest_ = rest_.subspan(1);
        encode(one, into);
        return true;
    }

    std::span<const M> rest_;
};

template <class Messages>
using message_in = std::remove_cvref_t<decltype(*std::data(std::declval<const Messages&>()))>;

template <class Messages>
auto send_many(port& to, const Messages& messages) {
    using message = message_in<Messages>;
    return send_many_wait<message>(to, std::span<const message>(std::data(messages), std::size(messages)));
}

template <class T>
T take_plain(receive_wait& taken) {
    return take_decoded<T>(taken);
}

// Waits for one message and takes those that are there with it. What does not decode is left out; where nothing else is
// there, that is thrown.
template <class T, T (*Take)(receive_wait&)>
class receive_many_wait final : public receive_wait {
public:
    receive_many_wait(std::size_t most, port& from, const std::uint32_t* type = nullptr, end_hold hold = {})
        : receive_wait(from, type, type != nullptr ? 1 : 0), most_(most), hold_(std::move(hold)) {
        if (most == 0) throw misuse("receiving at most 0 messages: ask for one at least");
    }
    std::vector<T> await_resume() {
        check();
        std::vector<T> all;
        std::exception_ptr damage;
        for (bool there = has_letter(); there; there = all.size() < most_ && try_receive()) {
            try {
                all.push_back(Take(*this));
            } catch (const corrupt&) {
                damage = std::current_exception();
            }
        }
        if (all.empty() && damage) std::rethrow_exception(damage);
        return all;
    }

private:
    std::size_t most_;
    end_hold hold_;  // a queue outlives the wait
};

}  // namespace troupe::detail
