// troupe: looks into a running program through its shared memory, which it only reads. What it asks a program to do, it
// asks the program's keeper.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "inspect/failure.hpp"
#include "troupe/commands.hpp"
#include "troupe/help_format.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace {

using namespace troupe::tool;

void add_commands(CLI::App& app, invocation& with) {
    add_ps(app, with);
#ifdef TROUPE_TOOL_SCREEN
    add_top(app, with);
#else
    add_left_out(app, "top", "The actors, again each second", "ncurses", "libncurses-dev");
#endif
    add_mailbox(app, with);
    add_queues(app, with);
    add_pipes(app, with);
    add_locks(app, with);
    add_names(app, with);
    add_pools(app, with);
    add_wait_graph(app, with);
    add_explain(app, with);
    add_stack(app, with);
    add_trace(app, with);
    add_metrics(app, with);
    add_doctor(app, with);
#ifdef TROUPE_TOOL_SERVER
    add_dash(app, with);
#else
    add_left_out(app, "dash", "The program as a page in a browser", "cpp-httplib", "libcpp-httplib-dev");
#endif
    add_kill(app, with);
    add_stop(app, with);
    add_restart(app, with);
    add_completion(app, with);
    add_man(app, with);
}

bool is_among(const std::string& name, std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// What every command takes, in one place: so no two of them differ.
void add_shared_options(CLI::App& command, invocation& with) {
    const std::string name = command.get_name();
    if (is_among(name, {"completion", "man"})) return;
    const auto has = [&](const char* option) { return command.get_option_no_throw(option) != nullptr; };
    if (!is_among(name, {"doctor"}) && !has("--program")) {
        command.add_option("-p,--program", with.pid, "The program, by the pid of any of its processes")
            ->type_name("PID");
    }
    if (!has("--json")) command.add_flag("--json", with.json, "Print one JSON object");
    if (!has("--color")) {
        command.add_option("--color", with.color, "When to print in colors; auto: on a terminal, without NO_COLOR")
            ->check(CLI::IsMember({"auto", "always", "never"}).description(""))
            ->type_name("auto|always|never");
    }
}

int refuse(const std::string& what, const std::string& more) {
    std::fprintf(stderr, "troupe: %s\n%s\n", printable(what).c_str(), more.c_str());
    return exit_usage;
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(one->get_name());
    return names;
}

// What is wrong with the command line, where CLI11 says it less well.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    const std::vector<std::string> names = names_of_commands(app);
    if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return {};
    const std::string near = nearest(argv[1], names);
    return "there is no command '" + std::string(argv[1]) + "'" +
           (near.empty() ? "" : "; did you mean '" + near + "'?");
}

// The command, if options stand before it that are no options of `troupe` itself.
std::string command_behind_options(const CLI::App& app, int argc, char** argv) {
    if (argv[1][0] != '-' || is_among(argv[1], {"-h", "--help", "--version"})) return {};
    const std::vector<std::string> names = names_of_commands(app);
    const auto found = std::find_first_of(argv + 2, argv + argc, names.begin(), names.end());
    return found == argv + argc ? std::string() : *found;
}

int parse_and_run(CLI::App& app, invocation& with, int argc, char** argv) {
    if (argc < 2) return refuse("which command?", app.help());
    if (const std::string command = command_behind_options(app, argc, argv); !command.empty()) {
        return refuse("options stand behind the command, as in troupe " + command + ' ' + argv[1],
                      "troupe " + command + " --help says what there is.");
    }
    if (const std::string unknown = unknown_command(app, argc, argv); !unknown.empty()) {
        return refuse(unknown, "troupe --help lists the commands.");
    }
    try {
        app.parse(argc, argv);
        return with.exit_code;
    } catch (const CLI::Success& asked) {  // for help, or for the version
        return app.exit(asked);
    } catch (const CLI::ParseError& wrong) {
        const std::string command = argv[1][0] == '-' ? std::string() : std::string(argv[1]) + ' ';
        return refuse(wrong.what(), "troupe " + command + "--help says what there is.");
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "troupe: %s\n", printable(failed.what()).c_str());
        return exit_failed;
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "");
    std::signal(SIGPIPE, SIG_DFL);  // it ends quietly when nobody reads any more
    invocation with;
    CLI::App app("Looks into a running program of troupe: what its actors do, hold and wait for, and how they ended.",
                 "troupe");
    app.set_version_flag("--version", std::string("troupe ") + TROUPE_TOOL_VERSION, "Print the version");
    app.formatter(std::make_shared<help_format>());
    app.require_subcommand(1);
    app.footer(
        "Begin with ps: where QUEUED is high, mailbox shows what waits there; where WAITS FOR says CYCLE or names "
        "another actor, wait-graph shows all of them; where it says lock, locks shows who has it; where RESTARTS is "
        "not 0, explain tells how each process ended; and stack shows the line at which an actor is. "
        "A program is found by itself where one runs; -p PID says which where several do. Exit codes: 0: done; "
        "1: it could not be done, and stderr says why; 2: wrong usage; 3: found what the command looks for.");
    add_commands(app, with);
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) add_shared_options(*command, with);
    const int code = parse_and_run(app, with, argc, argv);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    std::fprintf(stderr, "troupe: what was printed could not be written\n");
    return exit_failed;
}
