#include "base/say.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "base/signal_held.hpp"

namespace troupe::base {

void say(const char* format, ...) noexcept {
    char line[512] = "troupe: ";
    constexpr int begun = 8, most = sizeof line - begun - 1;  // room for the end of the line
    std::va_list arguments;
    va_start(arguments, format);
    const int wanted = std::vsnprintf(line + begun, most, format, arguments);
    va_end(arguments);
    if (wanted < 0) return;
    const int length = begun + std::min(wanted, most - 1);
    line[length] = '\n';
    pollfd room{STDERR_FILENO, POLLOUT, 0};
    if (poll(&room, 1, 0) != 1) return;
    write_quietly(STDERR_FILENO, {line, static_cast<std::size_t>(length) + 1});
}

}  // namespace troupe::base
