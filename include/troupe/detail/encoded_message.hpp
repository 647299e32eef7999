#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <troupe/detail/outgoing.hpp>

namespace troupe::detail {

// A message that is encoded and not yet sent; the buffers are recycled, the holds of its handles released.
class encoded_message {
public:
    encoded_message();
    explicit encoded_message(std::nullptr_t) noexcept : out_(nullptr) {}
    encoded_message(encoded_message&& other) noexcept : out_(std::exchange(other.out_, nullptr)) {}
    encoded_message& operator=(encoded_message&&) = delete;
    ~encoded_message() {
        if (out_ != nullptr) let_go();
    }
    outgoing& operator*() const noexcept { return *out_; }
    outgoing* operator->() const noexcept { return out_; }

    // The message is not sent: what it lent is put back. `packed`: the handles it has in its block, if it has one.
    void put_back_moved(std::span<const handle_ref> packed = {}) noexcept;

private:
    void let_go() noexcept;

    outgoing* out_;
};

}  // namespace troupe::detail
