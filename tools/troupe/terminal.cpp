#include "troupe/terminal.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <cwchar>

namespace troupe::tool {
namespace {

constexpr std::array<const char*, 7> escapes{"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"};

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

bool wants_color(const std::string& said, bool on_terminal) {
    if (said != "auto") return said == "always";
    const char* kind = std::getenv("TERM");
    return on_terminal && !is_set("NO_COLOR") && (kind == nullptr || std::strcmp(kind, "dumb") != 0);
}

// The character that the text begins with: its bytes, and its columns.
struct character {
    std::size_t bytes, columns;
};
character first_of(std::string_view text, std::mbstate_t& state) {
    wchar_t wide = 0;
    const std::size_t bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
    if (bytes == 0 || bytes > text.size()) {
        state = {};
        return {1, 1};
    }
    const int columns = wcwidth(wide);
    return {bytes, columns < 0 ? 1u : static_cast<std::size_t>(columns)};
}

}  // namespace

terminal::terminal(const invocation& with) {
    const bool on_terminal = isatty(STDOUT_FILENO) == 1;
    winsize size{};
    if (on_terminal) columns_ = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    colored_ = wants_color(with.color, on_terminal);
    utf8_ = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

std::string terminal::colored(std::string_view text, color in) const {
    if (!colored_ || in == color::plain) return std::string(text);
    return escapes[static_cast<std::size_t>(in)] + std::string(text) + "\x1b[0m";
}

std::size_t width_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::mbstate_t state{}; !text.empty();) {
        const character one = first_of(text, state);
        columns += one.columns;
        text.remove_prefix(one.bytes);
    }
    return columns;
}

std::string cut(std::string_view text, std::size_t columns) {
    std::size_t bytes = 0;
    for (std::mbstate_t state{}; bytes < text.size();) {
        const character one = first_of(text.substr(bytes), state);
        if (one.columns > columns) break;
        columns -= one.columns;
        bytes += one.bytes;
    }
    return std::string(text.substr(0, bytes));
}

}  // namespace troupe::tool
