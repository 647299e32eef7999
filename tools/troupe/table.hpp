// Rows of text in columns that are as wide as what stands in them.
#pragma once

#include <string>
#include <vector>

#include "troupe/terminal.hpp"

namespace troupe::tool {

enum class align { left, right };

struct column {
    std::string title;
    align to = align::left;
};

struct cell {
    cell(std::string content = "-", color in = color::plain) : text(std::move(content)), shown_in(in) {}
    cell(const char* content) : text(content) {}

    std::string text;
    color shown_in = color::plain;
};

class table {
public:
    explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

    // As many cells as there are columns, or fewer.
    void add(std::vector<cell> row) { rows_.push_back(std::move(row)); }
    bool is_empty() const { return rows_.empty(); }
    // A line for each row, and one for the titles; on a terminal they are cut where it ends.
    std::vector<std::string> lines(const terminal& shown_on) const;
    void print(const terminal& shown_on) const;

private:
    std::vector<std::size_t> widths() const;

    std::vector<column> columns_;
    std::vector<std::vector<cell>> rows_;
};

}  // namespace troupe::tool
