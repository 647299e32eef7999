// libFuzzer: a shape and a message of random bytes. They are shown, or it is said why not; and what is shown is text
// that can be written down. The first byte says how long the shape is, and whether the message is flat.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "troupe/contents.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t length = std::min<std::size_t>(data[0] & 0x7f, size - 1);
    const auto* const text = reinterpret_cast<const char*>(data + 1);
    const auto bytes = std::as_bytes(std::span(data + 1 + length, size - 1 - length));
    const troupe::inspect::message_type type{1, "a type", std::string(text, length), {}};
    const auto shown = troupe::tool::contents_of(type, bytes, data[0] >= 0x80);
    static_cast<void>(shown.dump());  // a throw ends the run
    return 0;
}
