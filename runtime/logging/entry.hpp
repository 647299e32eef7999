// A line of the log as it lies in the ring: head:32, the name of the actor, the text.
//
// Another process wrote these bytes, so a reader checks what they claim.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include <troupe/log.hpp>

#include "shm/ring.hpp"

namespace troupe::logging {

inline constexpr std::uint8_t line_record = 8;  // its kind; no other reader knows it
inline constexpr std::size_t longest_name = 63;

struct entry_head {
    std::int64_t time = 0;      // nanoseconds since 1970
    std::uint64_t dropped = 0;  // lines of the whole program that were dropped before it
    std::uint32_t cut = 0;      // bytes missing at the end of the text
    std::int32_t pid = 0;
    log_level level = log_level::info;
    std::uint8_t name_bytes = 0;
    std::uint16_t unused = 0;  // a gap would be stored as it was found
    std::uint32_t unused_too = 0;
};
static_assert(sizeof(entry_head) == 32);
static_assert(sizeof(entry_head) + longest_name + longest_log_text <= 1000 * shm::granule_bytes);

inline std::uint32_t entry_bytes(std::string_view name, std::string_view text) noexcept {
    return static_cast<std::uint32_t>(sizeof(entry_head) + name.size() + text.size());
}

// `into` has room for entry_bytes.
inline void write_entry(std::byte* into, const entry_head& head, std::string_view name,
                        std::string_view text) noexcept {
    std::memcpy(into, &head, sizeof head);
    if (!name.empty()) std::memcpy(into + sizeof head, name.data(), name.size());
    if (!text.empty()) std::memcpy(into + sizeof head + name.size(), text.data(), text.size());
}

struct entry {
    entry_head head;
    log_line line;  // which points into the record
};

// Returns nullopt if the record holds no line.
inline std::optional<entry> read_entry(const shm::record& found) noexcept {
    entry read;
    if (found.kind != line_record || found.bytes < sizeof read.head) return std::nullopt;
    std::memcpy(&read.head, found.payload, sizeof read.head);
    const std::string_view rest(reinterpret_cast<const char*>(found.payload) + sizeof read.head,
                                found.bytes - sizeof read.head);
    if (read.head.name_bytes > longest_name || read.head.name_bytes > rest.size()) return std::nullopt;
    if (read.head.level > log_level::error) return std::nullopt;
    const std::chrono::nanoseconds since_1970(read.head.time);
    read.line = {.time = std::chrono::system_clock::time_point(
                     std::chrono::duration_cast<std::chrono::system_clock::duration>(since_1970)),
                 .level = read.head.level,
                 .actor = rest.substr(0, read.head.name_bytes),
                 .pid = read.head.pid,
                 .text = rest.substr(read.head.name_bytes),
                 .cut = read.head.cut};
    return read;
}

}  // namespace troupe::logging
