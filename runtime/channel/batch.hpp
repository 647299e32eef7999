// Several messages of one type in one record, for those who send many at once.
//
//   frame  {count:16 size:16}  the messages, one behind the other                 all of one size
//   frame  {count:16 0:16}  ends, 16 bits each, counted from the first  messages  otherwise
//
// One claim, one commit and one look for the wake-up stand for all of them. They become visible together, and are
// received one by one: how many of them are consumed stands in the record's mark, where the next reader finds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace troupe::channel {

struct batch_label {
    std::uint16_t count = 0;
    std::uint16_t size = 0;
};

// As many as the mark of a record can count.
inline constexpr std::size_t most_in_batch = 1000;

constexpr std::size_t batch_bytes(std::size_t count, std::size_t bytes) noexcept {
    return sizeof(batch_label) + count * sizeof(std::uint16_t) + bytes;
}

// A batch before it is in a record. `ends`: where each message ends in `bytes`; at least one.
struct unwritten_batch {
    std::span<const std::uint16_t> ends;
    std::span<const std::byte> bytes;
    std::uint16_t size = common_size(ends);  // of each; 0: they differ

    std::size_t length() const noexcept { return batch_bytes(size != 0 ? 0 : ends.size(), bytes.size()); }

    void write(std::byte* to) const noexcept {
        const batch_label label{static_cast<std::uint16_t>(ends.size()), size};
        std::memcpy(to, &label, sizeof label);
        to += sizeof label;
        if (size == 0) {
            std::memcpy(to, ends.data(), ends.size_bytes());
            to += ends.size_bytes();
        }
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    }

private:
    static std::uint16_t common_size(std::span<const std::uint16_t> ends) noexcept {
        const std::uint16_t first = ends.front();
        for (std::size_t i = 1; i < ends.size(); ++i) {
            if (ends[i] - ends[i - 1] != first) return 0;
        }
        return first;
    }
};

inline std::uint32_t count_of_batch(std::span<const std::byte> body) noexcept {
    batch_label label;
    if (body.size() < sizeof label) return 0;
    std::memcpy(&label, body.data(), sizeof label);
    return label.count;
}

// One message of a batch; nothing where the bytes are not what a batch has.
inline std::optional<std::span<const std::byte>> part_of_batch(std::span<const std::byte> body, std::uint32_t index) {
    batch_label label;
    if (body.size() < sizeof label) return std::nullopt;
    std::memcpy(&label, body.data(), sizeof label);
    if (index >= label.count) return std::nullopt;
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

}  // namespace troupe::channel
