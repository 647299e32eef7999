#include "troupe/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace troupe::tool {
namespace {

// The length of the character that the text begins with; 0 where it is not UTF-8 in its shortest form.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f)) return 0;
    if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) return 0;
    return length;
}

// Characters that steer a terminal, or turn the direction of a line.
bool steers(std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return first < 0x20 || first == 0x7f;
    const auto second = static_cast<unsigned char>(character[1]);
    if (character.size() == 2) return first == 0xc2 && second < 0xa0;
    if (character.size() != 3 || first != 0xe2) return false;
    const auto third = static_cast<unsigned char>(character[2]);
    return (second == 0x80 && third >= 0x8e && third <= 0xae) || (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

template <class... Parts>
std::string formatted(const char* format, Parts... parts) {
    std::array<char, 64> into{};
    std::snprintf(into.data(), into.size(), format, parts...);
    return into.data();
}

}  // namespace

std::string printable(std::string_view text) {
    std::string kept;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        if (length == 0) {
            kept += '?';
        } else if (!steers(character)) {
            kept += character;
        }
        text.remove_prefix(character.size());
    }
    return kept;
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    return digits;
}

std::string counted(std::uint64_t number, std::string_view noun) {
    return grouped(number) + ' ' + std::string(noun) + (number == 1 ? "" : "s");
}

std::string duration(double seconds) {
    if (!(seconds > 0)) return "0 ms";
    if (seconds < 0.9995) return formatted("%.0f ms", seconds * 1e3);
    if (seconds < 59.95) return formatted("%.1f s", seconds);
    if (seconds > 1e12) return "for ever";
    const auto whole = static_cast<std::uint64_t>(seconds);
    const auto days = static_cast<unsigned long long>(whole / 86400);
    const auto hours = static_cast<unsigned>(whole / 3600 % 24), minutes = static_cast<unsigned>(whole / 60 % 60);
    const auto rest = static_cast<unsigned>(whole % 60);
    if (days > 0) return formatted("%llu d %02u:%02u", days, hours, minutes);
    if (hours > 0) return formatted("%u:%02u:%02u", hours, minutes, rest);
    return formatted("%u:%02u", minutes, rest);
}

std::string age(std::optional<double> moment, double now) {
    return moment && *moment > 0 ? duration(now - *moment) : std::string("-");
}

std::string amount(std::uint64_t bytes) {
    if (bytes < 1024) return std::to_string(bytes) + " B";
    double in_units = static_cast<double>(bytes);
    static constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    for (in_units /= 1024; in_units >= 999.95 && unit + 1 < units.size(); in_units /= 1024) ++unit;
    return formatted("%.1f %s", in_units, units[unit]);
}

std::string rate(double per_second) {
    if (!(per_second > 0) || !std::isfinite(per_second)) return "0";
    constexpr double most = 1e18;  // what is more is no number of messages
    if (per_second >= 99.95) return grouped(static_cast<std::uint64_t>(std::min(per_second, most) + 0.5));
    return formatted("%.1f", per_second);
}

std::string short_type(const std::string& type) {
    const std::size_t end = std::min(type.find('<'), type.size());
    const std::size_t colons = type.substr(0, end).rfind("::");
    return colons == std::string::npos ? type : type.substr(colons + 2);
}

std::string joined(const std::vector<std::string>& parts, std::string_view none) {
    if (parts.empty()) return std::string(none);
    std::string all = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) all += ", " + parts[i];
    return all;
}

std::string at_place(const std::string& file, int line) {
    if (file.empty()) return {};
    const std::string name = printable(file.substr(file.rfind('/') + 1));
    return line > 0 ? name + ':' + std::to_string(line) : name;
}

double monotonic_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace troupe::tool
