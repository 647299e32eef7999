// How --help looks: as CLI11 writes it, with lines that fit into a terminal.
#pragma once

#include <CLI/CLI.hpp>
#include <sstream>
#include <string>

namespace troupe::tool {

class help_format : public CLI::Formatter {
public:
    help_format() { column_width(28); }

    std::string make_footer(const CLI::App* app) const override {
        const std::string text = app->get_footer();
        return text.empty() ? std::string() : '\n' + wrapped(text) + '\n';
    }

private:
    static constexpr std::size_t widest = 100;

    static std::string wrapped(const std::string& text) {
        std::istringstream words(text);
        std::string lines, line;
        for (std::string word; words >> word;) {
            if (!line.empty() && line.size() + 1 + word.size() > widest) {
                lines += line + '\n';
                line.clear();
            }
            line += (line.empty() ? "" : " ") + word;
        }
        return lines + line;
    }
};

}  // namespace troupe::tool
