// One message for all members of a circle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include <troupe/detail/circle.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/message_frame.hpp>
#include <troupe/detail/message_note.hpp>
#include <troupe/detail/one_owner.hpp>
#include <troupe/detail/send_wait.hpp>

namespace troupe::shm {
class circle_record;
}
namespace troupe::channel {
class participant;
}

namespace troupe {

// How many actors a message was sent to, and how many it was not sent to because their mailboxes were full.
struct publication {
    std::size_t reached = 0;
    std::size_t skipped = 0;
    friend bool operator==(const publication&, const publication&) noexcept = default;
};

namespace detail {

// Sends it to each member. Those whose mailboxes are full are waited for, all at once, unless they may be skipped.
class [[nodiscard("nothing is published until it is awaited")]] publish_wait final : public wait {
public:
    publish_wait(const circle& to, message_frame frame, encoded_message message)
        : to_(&record_of(to)), frame_(frame), message_(std::move(message)), reader_(*this) {}
    publish_wait(const circle& to, message_frame frame, const void* flat, std::uint32_t bytes)
        : to_(&record_of(to)), frame_(frame), message_(nullptr), reader_(*this), bytes_kept_(bytes) {
        std::memcpy(kept_.data(), flat, bytes);
    }
    publish_wait(publish_wait&& other) noexcept;
    publish_wait& operator=(publish_wait&&) = delete;
    ~publish_wait() {
        if (block_ != 0) drop_block();
    }

    publication await_resume() const {
        throw_if_failed();
        return so_far_;
    }
    // Without waiting: whoever is full is skipped.
    publication try_once();

private:
    class straggler;
    struct stragglers;
    struct end_stragglers {
        void operator()(stragglers* all) const noexcept;
    };

    static const shm::circle_record& record_of(const circle& one);
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    push_result offer(channel::participant& here, actor_id who);
    void send_to_all(overflow when_full);
    void drop_block() noexcept;

    const shm::circle_record* to_;  // it stays as long as the program
    message_frame frame_;
    encoded_message message_;
    std::uint64_t block_ = 0;  // packed, and not yet anybody's
    publication so_far_;
    std::unique_ptr<stragglers, end_stragglers> waited_for_;  // null while nobody's mailbox was full
    bulletin_reader reader_;
    bool begun_ = false;
    std::uint32_t bytes_kept_ = 0;  // of a flat message that is kept here
    std::array<std::byte, send_wait::most_kept> kept_;
};

// Encodes now, and sends when it is awaited.
template <class M>
publish_wait publishing(const circle& to, const M& message) {
    constexpr bool for_many = !has_one_owner<M>();
    static_assert(for_many,
                  "troupe: this message holds a buffer, a connection or another thing with one owner, and cannot go to "
                  "many; put large data for many into a frozen shared_array");
    const message_frame frame{.type = noted_type<M>()};
    if constexpr (is_flat<M> && sizeof message <= send_wait::most_kept) {
        return publish_wait(to, frame, address_of(message), sizeof message);
    } else {
        return publish_wait(to, frame, encoded(message));
    }
}

}  // namespace detail
}  // namespace troupe
