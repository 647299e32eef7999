// What stdout is, and how what is printed there is coloured.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "troupe/invocation.hpp"

namespace troupe::tool {

enum class color { plain, bold, dim, red, green, yellow, cyan };

class terminal {
public:
    explicit terminal(const invocation& with);

    // Columns that there are; 0: nothing is cut, because stdout is no terminal.
    std::size_t columns() const { return columns_; }
    bool is_colored() const { return colored_; }
    bool knows_utf8() const { return utf8_; }
    std::string colored(std::string_view text, color in) const;

private:
    std::size_t columns_ = 0;
    bool colored_ = false;
    bool utf8_ = false;
};

// How many columns the text takes.
std::size_t width_of(std::string_view text);
// As much of the text as fits into so many columns.
std::string cut(std::string_view text, std::size_t columns);

}  // namespace troupe::tool
