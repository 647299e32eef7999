// A signal that a refused write brings: SIGPIPE where nobody reads, SIGXFSZ where the file may not grow. It is held
// back in this thread around the write, and taken off if it came. A blocked or ignored signal would be inherited by
// what this process executes.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string_view>

namespace troupe::base {

class signal_held {
public:
    explicit signal_held(int signal) noexcept;
    ~signal_held();
    signal_held(const signal_held&) = delete;
    signal_held& operator=(const signal_held&) = delete;

    // The write has brought it.
    void take_off() const noexcept;

private:
    sigset_t it_{}, before_{};
    bool waited_ = false;
};

// As `write` does, but its refusal ends no process. For what the library itself has to say, and nobody asked it to
// write.
ssize_t write_quietly(int fd, std::string_view bytes) noexcept;

}  // namespace troupe::base
