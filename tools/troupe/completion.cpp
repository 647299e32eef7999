// troupe completion: what a shell completes, from the same tree as --help.
#include <cstdio>
#include <memory>

#include "troupe/commands.hpp"
#include "troupe/option_list.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

std::string all_names(const command_row& row) {
    std::string text;
    for (const option_row& one : row.options) {
        for (const std::string& name : one.names) text += (text.empty() ? "" : " ") + name;
    }
    return text;
}

std::string in_words(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& one : words) text += (text.empty() ? "" : " ") + one;
    return text;
}

// What an argument may be, where that is known beforehand; the names of the actors where it is one of these.
std::string words_for(const option_row& argument, const std::string& commands) {
    if (!argument.choices.empty()) return in_words(argument.choices);
    if (argument.value == "COMMAND") return commands;
    return argument.value == "ACTOR" ? "$(_troupe_actors)" : "";
}

// Names that a shell would have to quote are left out.
constexpr const char* actors_function = R"sh(_troupe_actors() {
    troupe ps --json --sample 0 2>/dev/null | sed -n 's/^      "name": "\([A-Za-z0-9_.:-]*\)",$/\1/p'
}
)sh";

void print_bash(const command_row& tool, const std::vector<command_row>& commands) {
    std::vector<std::string> names;
    for (const command_row& one : commands) names.push_back(one.name);
    std::printf("# bash completion of troupe\n%s", actors_function);
    std::puts(
        "_troupe() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options= words=\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
    std::printf("        options='%s' words='%s'\n", all_names(tool).c_str(), in_words(names).c_str());
    std::puts("    else\n        case ${COMP_WORDS[1]} in");
    for (const command_row& one : commands) {
        std::string words;
        for (const option_row& argument : one.arguments) words += words_for(argument, in_words(names));
        std::printf("        %s)\n            options='%s' words=\"%s\"\n", one.name.c_str(), all_names(one).c_str(),
                    words.c_str());
        for (const option_row& option : one.options) {
            for (const std::string& name : option.value.empty() ? std::vector<std::string>{} : option.names) {
                std::printf("            [ \"$before\" != %s ] || { options= words='%s'; }\n", name.c_str(),
                            in_words(option.choices).c_str());
            }
        }
        std::puts("            ;;");
    }
    std::puts(
        "        esac\n    fi\n"
        "    case $word in\n"
        "    -*) words=$options ;;\n"
        "    esac\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "}\n"
        "complete -o default -F _troupe troupe");
}

// What zsh shows behind a name: brackets, colons and quotes have a meaning there.
std::string in_zsh(const std::string& text) {
    std::string out;
    for (const char one : text) {
        if (one == '\'') {
            out += "'\\''";
        } else {
            if (one == '[' || one == ']' || one == ':' || one == '\\') out += '\\';
            out += one;
        }
    }
    return out;
}

std::string zsh_value(const option_row& option, const std::string& commands) {
    const std::string value = in_zsh(option.value.find('|') != std::string::npos ? "value" : option.value);
    const std::string words = words_for(option, commands);
    if (option.value == "FILE") return ':' + value + ":_files";
    return ':' + value + ':' + (words.empty() ? "" : "(" + words + ')');
}

void print_zsh(const command_row& tool, const std::vector<command_row>& commands) {
    std::vector<std::string> names;
    for (const command_row& one : commands) names.push_back(one.name);
    const std::string all = in_words(names);
    const auto print_options = [&](const command_row& row) {
        for (const option_row& one : row.options) {
            for (const std::string& name : one.names) {
                const std::string value = one.value.empty() ? "" : zsh_value(one, all);
                std::printf(" \\\n            '%s[%s]%s'", name.c_str(), in_zsh(one.description).c_str(),
                            value.c_str());
            }
        }
    };
    std::printf(
        "#compdef troupe\n%s_troupe() {\n    local invocation state state_descr line\n    typeset -A opt_args\n"
        "    _arguments -C",
        actors_function);
    print_options(tool);
    std::puts(
        " \\\n            '1:command:->command' '*::argument:->argument'\n    case $state in\n    command)\n"
        "        local -a commands=(");
    for (const command_row& one : commands) {
        std::printf("            '%s:%s'\n", one.name.c_str(), in_zsh(one.summary).c_str());
    }
    std::puts("        )\n        _describe command commands\n        ;;\n    argument)\n        case $words[1] in");
    for (const command_row& one : commands) {
        std::printf("        %s)\n            _arguments", one.name.c_str());
        print_options(one);
        for (const option_row& argument : one.arguments) {
            if (argument.value == "ACTOR") {
                std::printf(" \\\n            ':ACTOR:{compadd -- ${(f)\"$(_troupe_actors)\"}}'");
            } else {
                std::printf(" \\\n            '%s'", zsh_value(argument, all).c_str());
            }
        }
        std::puts("\n            ;;");
    }
    std::puts("        esac\n        ;;\n    esac\n}\n_troupe \"$@\"");
}

}  // namespace

void add_completion(CLI::App& app, invocation&) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("completion", "Print what bash or zsh needs to complete the command line");
    command->add_option("shell", *shell, "The shell")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}).description(""))
        ->type_name("bash|zsh");
    command->footer("It is installed with the tool. For one shell alone: source <(troupe completion bash)");
    command->callback(
        [shell, &app] { (*shell == "bash" ? print_bash : print_zsh)(read_command(app), read_commands(app)); });
}

}  // namespace troupe::tool
