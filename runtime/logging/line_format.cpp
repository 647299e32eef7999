#include "logging/line_format.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace troupe {
namespace logging {
namespace {

bool is_control(char one) noexcept { return static_cast<unsigned char>(one) < 0x20 || one == 0x7f; }

void append_control(std::string& into, char one) {
    constexpr char digits[] = "0123456789abcdef";
    switch (one) {
    case '\n': into += "\\n"; return;
    case '\r': into += "\\r"; return;
    case '\t': into += "\\t"; return;
    default: break;
    }
    const auto value = static_cast<unsigned char>(one);
    into += "\\x";
    into += digits[value >> 4];
    into += digits[value & 0xf];
}

void append_escaped(std::string& into, std::string_view text) {
    for (;;) {
        const auto stop = std::find_if(text.begin(), text.end(), is_control);
        into.append(text.begin(), stop);
        if (stop == text.end()) return;
        append_control(into, *stop);
        text.remove_prefix(static_cast<std::size_t>(stop - text.begin()) + 1);
    }
}

template <class Number>
void append_number(std::string& into, Number number) {
    char digits[24];
    into.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

void line_format::append_time(std::string& into, std::chrono::system_clock::time_point time) {
    using std::chrono::floor;
    const auto second = floor<std::chrono::seconds>(time);
    const std::time_t whole = second.time_since_epoch().count();
    if (whole != second_) {
        std::tm parts{};
        if (gmtime_r(&whole, &parts) == nullptr || std::strftime(stamp_.data(), stamp_.size(), "%FT%T", &parts) == 0) {
            std::strcpy(stamp_.data(), "?");  // a year with more digits than there is room for
        }
        second_ = whole;
    }
    into += stamp_.data();
    auto fraction = std::chrono::duration_cast<std::chrono::microseconds>(time - second).count();
    char digits[] = ".000000Z";
    for (int i = 6; i > 0; --i, fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
    into += digits;
}

void line_format::append(std::string& into, const log_line& line) {
    append_time(into, line.time);
    into += ' ';
    into += to_string(line.level);
    into += ' ';
    append_escaped(into, line.actor);
    into += '[';
    append_number(into, line.pid);
    into += "] ";
    append_escaped(into, line.text);
    if (line.cut != 0) {
        into += " ... (";
        append_number(into, line.cut);
        into += " more bytes)";
    }
    into += '\n';
}

}  // namespace logging

const char* to_string(log_level level) noexcept {
    switch (level) {
    case log_level::verbose: return "verbose";
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: break;
    }
    return "error";
}

std::string to_string(const log_line& line) {
    std::string text;
    logging::line_format().append(text, line);
    text.pop_back();
    return text;
}

}  // namespace troupe
