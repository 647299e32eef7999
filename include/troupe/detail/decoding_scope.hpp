#pragma once

namespace troupe::detail {

// While it is true, a handle that is default-constructed stays empty, because what it names is about to be decoded.
inline constinit int decodings = 0;
inline bool decoding() noexcept { return decodings != 0; }
class decoding_scope {
public:
    decoding_scope() noexcept { ++decodings; }
    ~decoding_scope() { --decodings; }
    decoding_scope(const decoding_scope&) = delete;
    decoding_scope& operator=(const decoding_scope&) = delete;
};

}  // namespace troupe::detail
