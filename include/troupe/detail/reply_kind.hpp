#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::detail {

// What a reply is; the type of its frame. The keeper says `died`, with the status, for an actor that is started again.
enum reply_kind : std::uint32_t { reply_value = 1, reply_exception = 2, reply_nothing = 3, reply_died = 4 };

// Replies up to this size lie in the ring that brings them; the asker copies them out at once.
inline constexpr std::size_t inline_reply_bytes = 104;

}  // namespace troupe::detail
