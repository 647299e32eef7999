#include <troupe/detail/type_text.hpp>

#include <string>

namespace troupe::detail {
namespace {

// "queue" of "troupe::queue<job>".
std::string_view unadorned(std::string_view type) {
    type = type.substr(0, type.find('<'));
    const std::size_t colons = type.rfind("::");
    return colons == std::string_view::npos ? type : type.substr(colons + 2);
}

}  // namespace

bool type_text::has_room() {
    if (text_.size() < longest && depth_ < deepest) return true;
    text_ += '*';
    return false;
}

void type_text::number(char sort, std::size_t bytes) {
    text_ += sort;
    text_ += std::to_string(bytes);
}

void type_text::handle(std::string_view type) {
    text_ += '@';
    text_ += unadorned(type);
}

void type_text::sign(char one) { text_ += one; }

void type_text::open_row(std::size_t count) {
    text_ += std::to_string(count);
    text_ += '*';
}

bool type_text::open(const void* mark, std::string_view names, bool backwards) {
    std::size_t outwards = 0;
    for (std::size_t i = depth_; i-- > 0;) {
        if (levels_[i].mark == nullptr) continue;
        if (levels_[i].mark == mark) {
            text_ += '^';
            text_ += std::to_string(outwards);
            return false;
        }
        ++outwards;
    }
    if (!has_room()) return false;
    levels_[depth_++] = {mark, names, true};
    text_ += '{';
    if (backwards) text_ += '~';
    return true;
}

void type_text::part() {
    level& in = levels_[depth_ - 1];
    if (!in.first) text_ += ',';
    in.first = false;
    const std::size_t end = in.names.find(',');
    if (end == std::string_view::npos) return;
    text_ += in.names.substr(0, end);
    text_ += '=';
    in.names.remove_prefix(end + 1);
}

void type_text::close() {
    --depth_;
    text_ += '}';
}

bool type_text::open(char bracket) {
    if (!has_room()) return false;
    levels_[depth_++] = {nullptr, {}, true};
    text_ += bracket;
    return true;
}

void type_text::close(char bracket) {
    --depth_;
    if (bracket != '\0') text_ += bracket;
}

}  // namespace troupe::detail
