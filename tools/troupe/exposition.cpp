#include "troupe/exposition.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace troupe::tool {
namespace {

std::string escaped(std::string_view text) {
    std::string all;
    for (const char c : text) {
        if (c == '\n') {
            all += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') all += '\\';
        all += c;
    }
    return all;
}

template <class Number>
std::string written(Number value) {
    std::array<char, 64> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end.ptr};
}

}  // namespace

void exposition::begin(std::string_view name, metric kind, std::string_view help) {
    name_ = name;
    head_ = "# HELP " + name_ + ' ' + std::string(help) + "\n# TYPE " + name_ +
            (kind == metric::counter ? " counter\n" : " gauge\n");
}

void exposition::add(const labels& of, std::uint64_t value) { add(of, std::string_view(written(value))); }

void exposition::add(const labels& of, double value) {
    add(of, std::string_view(std::isfinite(value) ? written(value) : "NaN"));
}

void exposition::add(const labels& of, std::string_view value) {
    text_ += head_;
    head_.clear();
    text_ += name_;
    for (std::size_t i = 0; i < of.size(); ++i) {
        text_ += (i == 0 ? "{" : ",") + std::string(of[i].first) + "=\"" + escaped(of[i].second) + '"';
    }
    text_ += (of.empty() ? " " : "} ") + std::string(value) + '\n';
}

}  // namespace troupe::tool
