#include "base/signal_held.hpp"

#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace troupe::base {

signal_held::signal_held(int signal) noexcept {
    sigemptyset(&it_);
    sigaddset(&it_, signal);
    pthread_sigmask(SIG_BLOCK, &it_, &before_);
    if (sigismember(&before_, signal) != 0) {
        sigset_t pending;
        sigpending(&pending);
        waited_ = sigismember(&pending, signal) != 0;
    }
}

signal_held::~signal_held() {
    const int saved = errno;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = saved;
}

void signal_held::take_off() const noexcept {
    if (waited_) return;  // since before
    const int saved = errno;
    const timespec now{};
    sigtimedwait(&it_, nullptr, &now);
    errno = saved;
}

ssize_t write_quietly(int fd, std::string_view bytes) noexcept {
    const signal_held of_pipe(SIGPIPE), of_size(SIGXFSZ);
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EPIPE) of_pipe.take_off();
    if (written < 0 && errno == EFBIG) of_size.take_off();
    return written;
}

}  // namespace troupe::base
