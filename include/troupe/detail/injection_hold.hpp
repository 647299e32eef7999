#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <troupe/detail/decoded.hpp>
#include <troupe/detail/encoded_message.hpp>

namespace troupe {

enum class send_result;

namespace detail {

class injection;

// A value on its way from a thread to the actor, which encodes it: the codec belongs to the actor's own thread.
struct injected {
    injected() = default;
    injected(const injected&) = delete;
    injected& operator=(const injected&) = delete;
    virtual ~injected() = default;
    virtual encoded_message encode() const = 0;

    injected* next = nullptr;
};

template <class M>
struct injected_value final : injected {
    explicit injected_value(M&& m) : value(std::move(m)) {}
    encoded_message encode() const override { return encoded(value); }

    M value;
};

// What the copies of an injector share.
class injection_hold {
public:
    // Throws misuse outside of the actor, if it has no mailbox, or if the messages can carry handles.
    injection_hold(std::uint32_t type, bool carries_handles);
    send_result post(std::unique_ptr<injected> value) const noexcept;

private:
    std::shared_ptr<injection> shared_;  // deleting it says that no thread has one any more
};

}  // namespace detail
}  // namespace troupe
