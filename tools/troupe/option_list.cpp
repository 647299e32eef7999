#include "troupe/option_list.hpp"

namespace troupe::tool {
namespace {

std::vector<std::string> parts_of(const std::string& text, char between) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
        end = text.find(between, begin);
        parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
    }
    return parts;
}

option_row read_option(const CLI::Option& option) {
    option_row row;
    for (const std::string& name : option.get_snames()) row.names.push_back('-' + name);
    for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
    if (option.get_items_expected_max() > 0) row.value = option.get_type_name();
    if (row.value.find('|') != std::string::npos) row.choices = parts_of(row.value, '|');
    row.description = option.get_description();
    row.default_value = option.get_default_str();
    row.required = option.get_required();
    return row;
}

}  // namespace

command_row read_command(const CLI::App& app) {
    command_row row;
    if (app.get_parent() != nullptr) row.name = app.get_name();
    row.summary = app.get_description();
    row.more = app.get_footer();
    for (const CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
        if (option->get_group().empty()) continue;  // hidden
        option_row one = read_option(*option);
        (one.names.empty() ? row.arguments : row.options).push_back(std::move(one));
    }
    return row;
}

std::vector<command_row> read_commands(const CLI::App& app) {
    std::vector<command_row> rows;
    for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!one->get_group().empty()) rows.push_back(read_command(*one));
    }
    return rows;
}

}  // namespace troupe::tool
