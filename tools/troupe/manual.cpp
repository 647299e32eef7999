// troupe man: the manual pages, from the same tree as --help.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>

#include "inspect/failure.hpp"
#include "troupe/commands.hpp"
#include "troupe/option_list.hpp"

namespace troupe::tool {
namespace {

// Text as troff takes it for text. A word in `quotes` is set in bold.
std::string in_roff(const std::string& text) {
    std::string out;
    bool bold = false;
    for (const char one : text) {
        switch (one) {
        case '\\': out += "\\e"; break;
        case '-': out += "\\-"; break;
        case '\'': out += "\\(aq"; break;
        case '`': out += (bold = !bold) ? "\\fB" : "\\fR"; break;
        default: out += one;
        }
    }
    return !out.empty() && out[0] == '.' ? "\\&" + out : out;
}

std::string in_capitals(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char one) { return std::toupper(one); });
    return text;
}

std::string title_of(const command_row& row) { return row.name.empty() ? "troupe" : "troupe-" + row.name; }

void print_options(const command_row& row) {
    if (row.options.empty() && row.arguments.empty()) return;
    std::puts(".SH OPTIONS");
    for (const option_row& one : row.arguments) {
        std::printf(".TP\n\\fI%s\\fR\n%s.\n", in_roff(one.value).c_str(), in_roff(one.description).c_str());
    }
    for (const option_row& one : row.options) {
        std::string names;
        for (const std::string& name : one.names) names += (names.empty() ? "\\fB" : ", \\fB") + in_roff(name) + "\\fR";
        if (!one.value.empty()) names += " \\fI" + in_roff(one.value) + "\\fR";
        std::printf(".TP\n%s\n%s.", names.c_str(), in_roff(one.description).c_str());
        if (!one.default_value.empty()) std::printf(" The default is %s.", in_roff(one.default_value).c_str());
        std::puts("");
    }
}

void print_synopsis(const command_row& row) {
    std::printf(".SH SYNOPSIS\n\\fBtroupe\\fR");
    if (row.name.empty()) {
        std::puts(" \\fICOMMAND\\fR [\\fIOPTIONS\\fR]");
        return;
    }
    std::printf(" \\fB%s\\fR", in_roff(row.name).c_str());
    for (const option_row& one : row.arguments) {
        const std::string value = "\\fI" + in_roff(one.value) + "\\fR";
        std::printf(one.required ? " %s" : " [%s]", value.c_str());
    }
    std::puts(row.options.empty() ? "" : " [\\fIOPTIONS\\fR]");
}

void print_page(const command_row& row, const std::vector<command_row>& commands) {
    std::printf(".TH %s 1 \"\" \"troupe %s\" \"troupe\"\n", in_roff(in_capitals(title_of(row))).c_str(),
                TROUPE_TOOL_VERSION);
    std::printf(".SH NAME\n%s \\- %s\n", in_roff(title_of(row)).c_str(), in_roff(row.summary).c_str());
    print_synopsis(row);
    if (!row.more.empty()) std::printf(".SH DESCRIPTION\n%s\n", in_roff(row.more).c_str());
    if (row.name.empty()) {
        std::puts(".SH COMMANDS");
        for (const command_row& one : commands) {
            std::printf(".TP\n\\fB%s\\fR\n%s.\n", in_roff(one.name).c_str(), in_roff(one.summary).c_str());
        }
    }
    print_options(row);
    std::puts(
        ".SH EXIT STATUS\n"
        ".TP\n0\nIt was done.\n"
        ".TP\n1\nIt could not be done; the reason is on stderr.\n"
        ".TP\n2\nThe usage was wrong.\n"
        ".TP\n3\nWhat the command looks for was found: a cycle, a limit that is too low.\n"
        ".SH SEE ALSO");
    std::string also = row.name.empty() ? "" : "\\fBtroupe\\fR(1)";
    for (const command_row& one : row.name.empty() ? commands : std::vector<command_row>{}) {
        also += (also.empty() ? "\\fBtroupe\\-" : ", \\fBtroupe\\-") + in_roff(one.name) + "\\fR(1)";
    }
    std::puts(also.c_str());
}

void run(const CLI::App& app, const std::string& name) {
    const std::vector<command_row> commands = read_commands(app);
    if (name.empty()) return print_page(read_command(app), commands);
    const auto found =
        std::find_if(commands.begin(), commands.end(), [&](const auto& one) { return one.name == name; });
    if (found == commands.end()) throw inspect::failure("there is no command '" + name + "'");
    print_page(*found, commands);
}

}  // namespace

void add_man(CLI::App& app, invocation&) {
    auto name = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("man", "Print the manual page of a command");
    command->add_option("command", *name, "The command; without one, the page of troupe itself")->type_name("COMMAND");
    command->footer("Pages are installed with the tool. To read one that is not: troupe man ps | man -l -");
    command->callback([name, &app] { run(app, *name); });
}

}  // namespace troupe::tool
