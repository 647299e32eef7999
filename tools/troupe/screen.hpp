// A terminal that a command has for itself: lines, keys, and what it was before when the command ends. The only part
// that knows ncurses.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/table.hpp"

namespace troupe::tool {

class screen {
public:
    // Throws failure where stdin or stdout is no terminal, or one that nobody knows.
    screen();
    ~screen();
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;

    std::size_t rows() const;
    std::size_t columns() const;

    struct line {
        std::vector<cell> parts;  // one behind the other
        bool is_marked = false;   // shown in reverse
    };
    // What does not fit is cut.
    void show(const std::vector<line>& lines);

    enum class special { up = 1000, down, page_up, page_down, home, end, enter, escape, resized, interrupted };
    // The next key, a character or one of `special`; none when none came in time. Interrupted: by a signal that ends
    // programs.
    std::optional<int> key(int milliseconds);

private:
    struct modes;
    std::unique_ptr<modes> modes_;
};

}  // namespace troupe::tool
