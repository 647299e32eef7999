// Several messages of one type in one record, for those who send many at once.
//
//   frame  {count:16 size:16}  the messages, one behind the other                 all of one size
//   frame  {count:16 0:16}  ends, 16 bits each, counted from the first  messages  otherwise
//
// One claim, one commit and one look for the wake-up stand for all of them. They become visible together, and are
// received one by one: how many of them are consumed stands in the record's mark, where the next reader finds it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace troupe::mail {

struct batch_label {
    std::uint16_t count = 0;
    std::uint16_t size = 0;
};

// As many as the mark of a record can count.
inline constexpr std::size_t most_in_batch = 1000;

constexpr std::size_t batch_bytes(std::size_t count, std::size_t bytes) noexcept {
    return sizeof(batch_label) + count * sizeof(std::uint16_t) + bytes;
}

// A batch before it is in a record.
class unwritten_batch {
public:
    // `ends`: where each message ends in `bytes`; at least one.
    unwritten_batch(std::span<const std::byte> bytes, std::span<const std::uint16_t> ends) noexcept
        : bytes_(bytes), label_{static_cast<std::uint16_t>(ends.size()), common_size(ends)} {
        if (label_.size == 0) ends_ = ends;
    }
    // All of this size, which is not 0.
    unwritten_batch(std::span<const std::byte> bytes, std::size_t size) noexcept
        : bytes_(bytes), label_{static_cast<std::uint16_t>(bytes.size() / size), static_cast<std::uint16_t>(size)} {}

    std::size_t length() const noexcept { return batch_bytes(ends_.size(), bytes_.size()); }

    void write(std::byte* to) const noexcept {
        std::memcpy(to, &label_, sizeof label_);
        to += sizeof label_;
        if (!ends_.empty()) std::memcpy(to, ends_.data(), ends_.size_bytes());
        to += ends_.size_bytes();
        if (!bytes_.empty()) std::memcpy(to, bytes_.data(), bytes_.size());
    }

private:
    static std::uint16_t common_size(std::span<const std::uint16_t> ends) noexcept {
        const std::uint16_t first = ends.front();
        for (std::size_t i = 1; i < ends.size(); ++i) {
            if (ends[i] - ends[i - 1] != first) return 0;
        }
        return first;
    }

    std::span<const std::byte> bytes_;
    std::span<const std::uint16_t> ends_;  // where sizes differ
    batch_label label_;
};

// At most as many as there can be, whatever stands there by now.
inline std::uint32_t count_of_batch(std::span<const std::byte> body) noexcept {
    batch_label label;
    if (body.size() < sizeof label) return 0;
    std::memcpy(&label, body.data(), sizeof label);
    return std::min<std::uint32_t>(label.count, most_in_batch);
}

// One message of a batch; nothing where the bytes are not what a batch has.
inline std::optional<std::span<const std::byte>> part_of_batch(std::span<const std::byte> body, std::uint32_t index) {
    batch_label label;
    if (body.size() < sizeof label) return std::nullopt;
    std::memcpy(&label, body.data(), sizeof label);
    if (index >= label.count || label.count > most_in_batch) return std::nullopt;
    std::size_t from = std::size_t{index} * label.size, to = from + label.size;
    std::size_t first = sizeof label;
    if (label.size == 0) {
        std::uint16_t ends[2] = {};
        first += label.count * sizeof ends[0];
        if (body.size() < first) return std::nullopt;
        const std::byte* const table = body.data() + sizeof label;
        if (index > 0) std::memcpy(&ends[0], table + (index - 1) * sizeof ends[0], sizeof ends[0]);
        std::memcpy(&ends[1], table + index * sizeof ends[0], sizeof ends[0]);
        from = ends[0];
        to = ends[1];
    }
    if (from > to || to > body.size() - first) return std::nullopt;
    return body.subspan(first + from, to - from);
}

// The bytes of its messages from one of them on, at most so many, if all of them are of this size.
inline std::span<const std::byte> row_of_batch(std::span<const std::byte> body, std::uint32_t index, std::size_t size,
                                               std::size_t most) noexcept {
    batch_label label;
    if (body.size() < sizeof label) return {};
    std::memcpy(&label, body.data(), sizeof label);
    if (label.size != size || index >= label.count || label.count > most_in_batch) return {};
    const std::size_t first = sizeof label + index * size;
    const std::size_t length = std::min<std::size_t>(most, label.count - index) * size;
    return first + length <= body.size() ? body.subspan(first, length) : std::span<const std::byte>{};
}

}  // namespace troupe::mail
