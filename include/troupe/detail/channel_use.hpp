// A wait may come to its channel from when it is made until it is destroyed: a wait that is not awaited yet, or whose
// turn is still to come, stands in no list. What this process has of the channel stays as long, whoever closes it
// meanwhile.
#pragma once

#include <utility>

namespace troupe::channel {
class attachment;
class inbox;
class outbox;
}  // namespace troupe::channel

namespace troupe::detail {

class channel_use {
public:
    explicit channel_use(const channel::inbox& of) noexcept;
    explicit channel_use(const channel::outbox& of) noexcept;
    channel_use(channel_use&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    channel_use& operator=(channel_use&&) = delete;
    ~channel_use() {
        if (of_ != nullptr) end();
    }

    // Unless the wait has outlived `run`, or is a copy in a forked child: then there is nothing to give back.
    bool is_here() const noexcept;

private:
    void end() noexcept;

    channel::attachment* of_;
};

}  // namespace troupe::detail
