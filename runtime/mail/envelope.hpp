// What a record of a ring holds, read once: the frame that stands before every message, and what stands behind it.
//
//   frame:16  the message               plain_record
//   frame:16  label:32                  parcel_record: the message lies beside the ring (mail/parcel.hpp)
//   frame:16  {count:16 size:16} ...    batch_record: several messages (mail/batch.hpp)
//
// Another process wrote these bytes. An envelope says what they claim, and trusts nothing: a record may be too short
// for a frame, and a label may name a block that is somebody else's by now.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <troupe/detail/message_frame.hpp>

#include "mail/parcel.hpp"
#include "shm/ring.hpp"
#include "shm/ring_writer.hpp"

namespace troupe::mail {

// The kind of a record; any other is no message.
enum record_kind : std::uint8_t { plain_record = 1, parcel_record = 2, batch_record = 4 };

class envelope {
public:
    envelope() noexcept = default;
    explicit envelope(const shm::record& record) noexcept : record_(record) { read_frame(); }
    // Of what `look(record)` finds. It is stored right here: a copy of fields that were stored a moment ago would wait
    // for these stores.
    template <class Look>
    shm::sight find(Look&& look) noexcept(noexcept(look(std::declval<shm::record&>()))) {
        const shm::sight seen = look(record_);
        if (seen == shm::sight::message) read_frame();
        return seen;
    }

    const shm::record& record() const noexcept { return record_; }
    bool has_frame() const noexcept { return record_.bytes >= sizeof frame_; }
    // All zero without a frame.
    const detail::message_frame& frame() const noexcept { return frame_; }
    bool is(record_kind kind) const noexcept { return has_frame() && record_.kind == kind; }

    std::span<const std::byte> body() const noexcept {
        if (!has_frame()) return {};
        return {record_.payload + sizeof frame_, record_.bytes - sizeof frame_};
    }
    // Returns nullopt if the message lies in no parcel.
    std::optional<parcel_label> label() const noexcept {
        if (!is(parcel_record) || body().size() != sizeof(parcel_label)) return std::nullopt;
        parcel_label label;
        std::memcpy(&label, body().data(), sizeof label);
        return label;
    }

private:
    void read_frame() noexcept {
        if (has_frame()) {
            std::memcpy(&frame_, record_.payload, sizeof frame_);
        } else {
            frame_ = {};
        }
    }

    shm::record record_;
    detail::message_frame frame_;
};

// The bytes that a record needs for a body of so many.
constexpr std::uint32_t bytes_with_frame(std::size_t body) noexcept {
    return static_cast<std::uint32_t>(sizeof(detail::message_frame) + body);
}

// Writes the frame into a claim of `bytes_with_frame`, and returns where the body goes.
inline std::byte* write_frame(const shm::claim& claim, const detail::message_frame& frame) noexcept {
    std::memcpy(claim.payload(), &frame, sizeof frame);
    return claim.payload() + sizeof frame;
}

}  // namespace troupe::mail
