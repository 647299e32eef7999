#include <troupe/exit_status.hpp>

#include <cstring>

namespace troupe {

std::string to_string(const exit_status& status) {
    if (status.lost()) return "ended, but nobody knows how";
    if (status.signaled()) {
        const char* name = sigabbrev_np(status.signal());
        std::string text = "was ended by signal " + std::to_string(status.signal());
        if (name != nullptr) text += std::string(" (SIG") + name + ')';
        if (status.core_dumped()) text += " and dumped core";
        return text;
    }
    if (!status.exception_type().empty()) {
        std::string text = "ended with " + status.exception_type();
        if (!status.exception_text().empty()) text += ": " + status.exception_text();
        return text;
    }
    return "exited with " + std::to_string(status.code());
}

}  // namespace troupe
