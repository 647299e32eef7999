// The seam between the templates of mailbox, queue and connection and the compiled core of the channels.
//
// A port is this process's side of one channel: a ring in shared memory. Handles (queue, connection) share it by count;
// the process holds an end of the channel while the count of that end is not zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <troupe/detail/outgoing.hpp>
#include <troupe/detail/wait.hpp>

namespace troupe::detail {

class port;
class receive_wait;

enum end_role : std::uint32_t { receiving_end = 1, sending_end = 2, both_ends = 3 };

// One counted hold of an end. Empty when moved from.
class end_hold {
public:
    end_hold() noexcept = default;
    // Takes a hold that has been counted already.
    end_hold(port* held, std::uint32_t role) noexcept : port_(held), role_(role) {}
    end_hold(const end_hold& other) noexcept;
    end_hold(end_hold&& other) noexcept : port_(std::exchange(other.port_, nullptr)), role_(other.role_) {}
    end_hold& operator=(end_hold other) noexcept {
        std::swap(port_, other.port_);
        std::swap(role_, other.role_);
        return *this;
    }
    ~end_hold();

    explicit operator bool() const noexcept { return port_ != nullptr; }
    port* get() const noexcept { return port_; }
    // Throws misuse: `what` was moved from.
    port& checked(const char* what) const;

    // On its way to another process. `lend` leaves a hold of its own with the message; `part` gives this one up to it.
    handle_ref lend() const;
    handle_ref part() noexcept;
    static end_hold adopt(handle_ref ref, std::uint32_t role);

    friend bool operator==(const end_hold& a, const end_hold& b) noexcept { return a.port_ == b.port_; }

private:
    [[noreturn]] void throw_unusable(const char* what) const;

    port* port_ = nullptr;
    std::uint32_t role_ = 0;
};

// A message that is encoded and not yet sent; the buffers are recycled, the holds of its handles released.
class parting {
public:
    parting();
    explicit parting(std::nullptr_t) noexcept : out_(nullptr) {}
    parting(parting&& other) noexcept : out_(std::exchange(other.out_, nullptr)) {}
    parting& operator=(parting&&) = delete;
    ~parting() {
        if (out_ != nullptr) let_go();
    }
    outgoing& operator*() const noexcept { return *out_; }
    outgoing* operator->() const noexcept { return out_; }

private:
    void let_go() noexcept;

    outgoing* out_;
};

// What stands before every message in its record. 16 bytes: with them and the record's own word a message of 40 bytes
// fills one granule.
struct message_frame {
    std::uint32_t type = 0;  // type_id of the message; of a reply, what it is: see reply_kind
    std::uint8_t flags = 0;
    std::uint8_t cpu = 0;       // where its sender ran
    std::uint16_t writer = 0;   // owner number of its process
    std::uint32_t request = 0;  // of a request and its reply: which one; otherwise 0
    std::uint32_t target = 0;   // low bits of the receiving actor's serial: a ring that has a new owner drops what was
                                // meant for the old one
};
static_assert(sizeof(message_frame) == 16);

enum message_flag : std::uint8_t { flat_message = 1 };

// A message in hand: still in the ring, or in a block beside it, until `finish_letter`.
struct letter {
    port* from = nullptr;
    std::uint64_t position = 0;  // of its record
    std::byte* payload = nullptr;
    std::uint32_t bytes = 0;
    std::uint8_t kind = 0;
    std::uint16_t writer = 0;  // as in the frame
    std::uint16_t part = 0;    // which one of a batch
    message_frame frame;
    std::uint64_t block = 0;
    incoming content;
};
void finish_letter(letter& taken) noexcept;

// Whoever has to answer a request. Answered once; let go without an answer, the asker gets a remote_error that says so.
class reply_address {
public:
    reply_address() noexcept = default;
    reply_address(std::uint64_t asker, std::uint32_t request, std::uint16_t asker_owner, std::uint16_t hand) noexcept
        : asker_(asker), request_(request), asker_owner_(asker_owner), hand_(hand) {}
    reply_address(reply_address&& other) noexcept
        : asker_(std::exchange(other.asker_, 0)),
          request_(other.request_),
          asker_owner_(other.asker_owner_),
          hand_(other.hand_) {}
    reply_address& operator=(reply_address&& other) noexcept {
        std::swap(asker_, other.asker_);
        std::swap(request_, other.request_);
        std::swap(asker_owner_, other.asker_owner_);
        std::swap(hand_, other.hand_);
        return *this;
    }
    ~reply_address();

    explicit operator bool() const noexcept { return asker_ != 0; }
    void answer(outgoing& value);
    // Call inside a catch block: sends the type and the text of what is being handled.
    void answer_with_exception();

private:
    void send(std::uint32_t kind, outgoing& value);

    std::uint64_t asker_ = 0;
    std::uint32_t request_ = 0;
    std::uint16_t asker_owner_ = 0;  // owner number of the asker's process
    std::uint16_t hand_ = 0;         // where it is listed as in hand, + 1
};
reply_address reply_address_of(const letter& request);

// Waits until a message of one of `types` is there (none given: of any), or the stream ends.
class receive_wait : public wait {
public:
    explicit receive_wait(port& from, const std::uint32_t* types = nullptr, std::size_t count = 0) noexcept
        : port_(&from), types_(types), count_(count) {}
    receive_wait(receive_wait&& other) noexcept
        : wait(), port_(other.port_), types_(other.types_), count_(other.count_) {}
    receive_wait& operator=(receive_wait&&) = delete;
    ~receive_wait() { finish(); }

    bool wants(std::uint32_t type) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            if (types_[i] == type) return true;
        }
        return count_ == 0;
    }

    // After the wait: false at the end of the stream; otherwise a letter is in hand until `finish`.
    bool has_letter() const noexcept { return has_letter_; }
    letter& in_hand() noexcept { return letter_; }
    void finish() noexcept {
        if (!kept_ && std::exchange(has_letter_, false)) finish_letter(letter_);
    }
    // From now on `finish` leaves the letter where it is; `consume` finishes it.
    void keep() noexcept { kept_ = true; }
    void consume() noexcept {
        kept_ = false;
        finish();
    }

    receive_wait* next_waiting = nullptr;

protected:
    // Without waiting, for the try_ forms.
    bool try_receive() {
        looked_ = true;
        return try_finish() && has_letter_;
    }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    port* port_;
    const std::uint32_t* types_;
    std::size_t count_;
    bool has_letter_ = false;
    bool kept_ = false;
    bool looked_ = false;  // the first look, before the coroutine suspends, is the cheap one
    letter letter_;
};

// The message in hand is given to its handler. One whose handler is left by an exception, or a death, is not `over`.
class handling {
public:
    explicit handling(receive_wait& taken);
    handling(const handling&) = delete;
    handling& operator=(const handling&) = delete;
    ~handling();
    void over() noexcept;

private:
    receive_wait& taken_;
    bool over_ = false;
};

enum class push_result : std::uint8_t { sent, full, closed };

// What waits for room in a channel.
class room_wait : public wait {
public:
    room_wait* next_waiting = nullptr;

protected:
    room_wait() noexcept = default;
};

// Waits until there is room and sends.
class send_wait final : public room_wait {
public:
    // A flat message of so few bytes is kept here.
    static constexpr std::size_t most_kept = 64;

    send_wait(port& to, message_frame frame, parting message) noexcept
        : port_(&to), frame_(frame), message_(std::move(message)) {}
    send_wait(port& to, message_frame frame, const void* flat, std::uint32_t bytes) noexcept
        : port_(&to), frame_(frame), message_(nullptr), bytes_kept_(bytes) {
        std::memcpy(kept_.data(), flat, bytes);
    }
    send_wait(send_wait&& other) noexcept
        : room_wait(),
          port_(other.port_),
          frame_(other.frame_),
          message_(std::move(other.message_)),
          block_(std::exchange(other.block_, 0)),
          bytes_kept_(other.bytes_kept_),
          kept_(other.kept_) {}
    send_wait& operator=(send_wait&&) = delete;
    ~send_wait() {
        if (block_ != 0) drop_block();
    }

    // Throws `closed` when the channel has ended, with a sentence about `what`.
    void await_resume() const { check(); }

    // Without waiting.
    push_result try_send();

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    void drop_block() noexcept;

    port* port_;
    message_frame frame_;
    parting message_;
    std::uint64_t block_ = 0;  // of a message that goes beside the ring
    std::uint32_t bytes_kept_ = 0;
    std::array<std::byte, most_kept> kept_;
};

}  // namespace troupe::detail
