#pragma once

#include <troupe/detail/receive_wait.hpp>

namespace troupe::detail {

// The message in hand is given to its handler. One whose handler is left by an exception, or a death, is not `over`.
class handling {
public:
    explicit handling(receive_wait& taken);
    handling(const handling&) = delete;
    handling& operator=(const handling&) = delete;
    ~handling();
    void over() noexcept;

private:
    receive_wait& taken_;
    bool over_ = false;
};

}  // namespace troupe::detail
