#include "troupe/table.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace troupe::tool {
namespace {

constexpr std::size_t gap = 2;

class line_writer {
public:
    explicit line_writer(const terminal& shown_on)
        : shown_on_(shown_on),
          left_(shown_on.columns() != 0 ? shown_on.columns() : std::numeric_limits<std::size_t>::max()) {}

    void skip(std::size_t columns) { blanks_ += columns; }
    void write(const std::string& text, color in) {
        if (text.empty()) return;
        if (blanks_ >= left_) {
            left_ = 0;
            return;
        }
        line_.append(blanks_, ' ');
        left_ -= blanks_;
        blanks_ = 0;
        const std::string fits = left_ < width_of(text) ? cut(text, left_) : text;
        left_ -= std::min(left_, width_of(text));
        line_ += shown_on_.colored(fits, in);
    }
    std::string take() { return std::move(line_); }

private:
    const terminal& shown_on_;
    std::size_t left_;        // columns of the terminal
    std::size_t blanks_ = 0;  // written before the next text, so that no line ends with them
    std::string line_;
};

}  // namespace

std::vector<std::size_t> table::widths() const {
    std::vector<std::size_t> found;
    for (const column& one : columns_) found.push_back(width_of(one.title));
    for (const std::vector<cell>& row : rows_) {
        for (std::size_t i = 0; i < row.size() && i < found.size(); ++i) {
            found[i] = std::max(found[i], width_of(row[i].text));
        }
    }
    return found;
}

std::vector<std::string> table::lines(const terminal& shown_on) const {
    const std::vector<std::size_t> wide = widths();
    const auto line_of = [&](const std::vector<cell>& row) {
        line_writer line(shown_on);
        for (std::size_t i = 0; i < row.size() && i < wide.size(); ++i) {
            const std::size_t pad = wide[i] - width_of(row[i].text);
            if (i > 0) line.skip(gap);
            if (columns_[i].to == align::right) line.skip(pad);
            line.write(row[i].text, row[i].shown_in);
            if (columns_[i].to == align::left) line.skip(pad);
        }
        return line.take();
    };
    std::vector<cell> titles;
    for (const column& one : columns_) titles.emplace_back(one.title, color::bold);
    std::vector<std::string> all{line_of(titles)};
    for (const std::vector<cell>& row : rows_) all.push_back(line_of(row));
    return all;
}

void table::print(const terminal& shown_on) const {
    for (const std::string& line : lines(shown_on)) std::puts(line.c_str());
}

}  // namespace troupe::tool
