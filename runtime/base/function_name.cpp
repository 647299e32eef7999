#include "base/function_name.hpp"

namespace troupe::base {
namespace {

// Where the last part of a qualified name begins: behind the last "::" that is in no brackets.
std::size_t last_part(std::string_view name) {
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '<' || c == '(' || c == '{') ++depth;
        if (c == '>' || c == ')' || c == '}') --depth;
        if (depth == 0 && c == ':' && i > 0 && name[i - 1] == ':') begin = i + 1;
    }
    return begin;
}

std::string_view without_parameters(std::string_view name) {
    if (name.starts_with('(')) return name;
    return name.substr(0, name.find('('));
}

std::string_view inside(std::string_view text, char open, char close) {
    const std::size_t begin = text.find(open), end = text.rfind(close);
    if (begin == std::string_view::npos || end == std::string_view::npos || end <= begin) return text;
    return text.substr(begin + 1, end - begin - 1);
}

std::string lambda_name(std::string_view name) {
    if (const std::size_t at = name.find("(lambda at "); at != std::string_view::npos) {
        std::string_view place = name.substr(at + 11, name.find(')', at) - at - 11);
        place = place.substr(place.rfind('/') + 1);
        return "a lambda at " + std::string(place.substr(0, place.rfind(':')));  // the line, without the column
    }
    const std::size_t at = name.find("::<lambda");
    if (at == std::string_view::npos) return "a lambda";
    const std::string_view outer = name.substr(0, at);
    const std::string_view function = outer.substr(0, outer.rfind('('));
    return "a lambda in " + std::string(function.substr(last_part(function)));
}

}  // namespace

std::string function_name(std::string_view of_template) {
    std::string_view name = inside(of_template, '<', '>');
    if (name.find("lambda") != std::string_view::npos) return lambda_name(name);
    if (name.starts_with("(& ")) name = inside(name, '(', ')').substr(1);  // as GCC writes it
    while (name.starts_with('&') || name.starts_with(' ')) name.remove_prefix(1);
    return std::string(without_parameters(name.substr(last_part(name))));
}

}  // namespace troupe::base
