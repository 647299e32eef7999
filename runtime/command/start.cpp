#include "command/start.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <troupe/detail/wait.hpp>
#include <troupe/error.hpp>

#include "base/owned_fd.hpp"
#include "base/step.hpp"
#include "base/system_failure.hpp"
#include "loop/event_loop.hpp"
#include "loop/source.hpp"
#include "loop/wait_notes.hpp"
#include "process/execution.hpp"

namespace troupe::commands {
namespace {

constexpr const char* usual_path = "/bin:/usr/bin";

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
    throw spawn_failed("command '" + name + "' could not be started: " + why);
}

std::string reason(int error) { return std::strerror(error) + base::descriptor_advice(error); }

// --- a cell

// Waits until the keeper is through with a command that was given up, or none is left of which that can be said.
// Several may wait, and the first that goes on takes off the list all that are gone: so each looks at what is free, and
// not at that list alone.
class room final : public detail::wait, private loop::source {
public:
    explicit room(actors::own_commands& commands) noexcept : commands_(commands) {}
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override { return !commands_.none_is_free_yet(); }
    void enlist() override {
        loop::event_loop::current().enroll(*this);
        wake();
    }
    void abandon() noexcept override { loop::event_loop::current().dismiss(*this); }

    bool glance() override { return !commands_.none_is_free_yet(); }
    bool poll() override {
        if (!glance()) return false;
        wake();
        return true;
    }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override {
        into.add(*this, {.kind = base::waiting_kind::command});
    }

    actors::own_commands& commands_;
};

task<detail::command_hold> claim(std::string name) {
    actors::own_process& here = actors::own_process::here();
    for (;;) {
        if (const auto cell = here.commands().claim()) {
            co_return detail::command_hold(new detail::begun_command(here, *cell, std::move(name)));
        }
        if (!here.commands().some_are_on_their_way_out()) {
            refuse(name, "this actor has " + std::to_string(shm::most_commands) +
                             " commands already, and that is the most there can be; await some of them first");
        }
        room made(here.commands());
        co_await made;
    }
}

// --- its environment, and where it is

// Lines of this process's own and of the command's, as exec takes them.
class surroundings {
public:
    explicit surroundings(const detail::command_terms& terms) {
        for (const auto& [key, value] : terms.environment) lines_.emplace_back(key).append(1, '=').append(value);
    }

    std::vector<char*> pointers() {
        std::vector<char*> all;
        for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
            if (!is_changed(*one)) all.push_back(*one);
        }
        for (std::string& line : lines_) all.push_back(line.data());
        all.push_back(nullptr);
        return all;
    }

private:
    bool is_changed(std::string_view line) const {
        const std::string_view key = line.substr(0, line.find('=') + 1);
        for (const std::string& one : lines_) {
            if (one.starts_with(key)) return true;
        }
        return false;
    }

    std::vector<std::string> lines_;
};

std::string_view path_in(const std::vector<char*>& environment) {
    std::string_view found = usual_path;
    for (const char* line : environment) {
        if (line != nullptr && std::string_view(line).starts_with("PATH=")) found = line + 5;
    }
    return found;
}

std::vector<std::string> paths_of(const std::string& program, std::string_view folders) {
    if (program.find('/') != std::string::npos) return {program};
    std::vector<std::string> all;
    for (;;) {
        const std::size_t end = folders.find(':');
        const std::string folder(folders.substr(0, end));
        all.push_back((folder.empty() ? "." : folder) + '/' + program);
        if (end == std::string_view::npos) return all;
        folders.remove_prefix(end + 1);
    }
}

// --- its streams

struct two_ends {
    base::owned_fd theirs;
    descriptor ours;
};

enum class ours { read, written };

two_ends make_pipe(const std::string& name, ours kind) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) refuse(name, reason(errno));
    base::owned_fd read(ends[0]), written(ends[1]);
    base::owned_fd& own = kind == ours::read ? read : written;
    ::fcntl(own.get(), F_SETFL, O_NONBLOCK);
    return {std::move(kind == ours::read ? written : read), descriptor(base::above_standard(std::move(own)).release())};
}

// A file in memory: so it need not be written while the command reads, and one that does not read hurts nobody.
base::owned_fd file_of(const std::string& name, const std::string& text) {
    rlimit largest{};
    ::getrlimit(RLIMIT_FSIZE, &largest);
    if (text.size() > largest.rlim_cur) {
        refuse(name, "its input has " + std::to_string(text.size()) + " bytes, and this process may write files of " +
                         std::to_string(largest.rlim_cur) + " at most (ulimit -f); start it and write to it instead");
    }
    base::owned_fd file(::memfd_create("command-input", MFD_CLOEXEC));
    if (!file) refuse(name, "its input cannot be stored: " + reason(errno));
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t written = ::write(file.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) refuse(name, "its input cannot be stored: " + reason(errno));
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

base::owned_fd no_input(const std::string& name) {
    base::owned_fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!file) refuse(name, "/dev/null: " + reason(errno));
    return file;
}

two_ends standard_input_of(const detail::command_terms& terms, standard_input unless_given) {
    const std::string& name = terms.words.front();
    if (terms.text != nullptr) return {file_of(name, *terms.text), {}};
    if (terms.stream != nullptr) {
        if (!*terms.stream) {
            throw misuse("an earlier start of command '" + name +
                         "' has taken the stream that it reads; give it another one (command::input)");
        }
        return {base::owned_fd(std::move(*terms.stream).release()), {}};
    }
    if (unless_given == standard_input::pipe) return make_pipe(name, ours::written);
    return {no_input(name), {}};
}

// --- why it did not begin

// Of a file that the system does not find: a script, or a program, names another one that runs it.
bool is_there(const detail::command_terms& terms, const std::string& path) {
    const std::string whole = path[0] == '/' || terms.directory.empty() ? path : terms.directory + '/' + path;
    return ::access(whole.c_str(), F_OK) == 0;
}

std::string why_not_executed(const detail::command_terms& terms, const std::vector<std::string>& paths,
                             const process::executed& made, std::string_view folders) {
    const bool named = terms.words.front().find('/') != std::string::npos;
    const std::string path = made.path;
    switch (made.error) {
    case ENOENT:
    case ENOTDIR:
        for (const std::string& one : paths) {
            if (is_there(terms, one)) return one + " names a program to run it that is not there (#!, or its loader)";
        }
        return named ? "there is no such file" : "it is in none of the folders of PATH (" + std::string(folders) + ")";
    case EACCES:
        return path + " is not executable: " + reason(made.error) + " (chmod +x, or a folder on the way to it)";
    case ENOEXEC: return path + " is neither a program for this machine, nor a script that begins with #!";
    case E2BIG: return "its words and its environment are too long together: " + reason(made.error);
    default: return path + ": " + reason(made.error);
    }
}

std::string why_not(const detail::command_terms& terms, const std::vector<std::string>& paths,
                    const process::executed& made, std::string_view folders) {
    switch (made.step) {
    case process::execution_step::clone:
        return reason(made.error) +
               (made.error == EAGAIN
                    ? "; the system's limit of processes is reached (ulimit -u, pids.max of the cgroup)"
                    : "");
    case process::execution_step::streams: return "its descriptors cannot be set: " + reason(made.error);
    case process::execution_step::directory:
        return "its directory '" + terms.directory + "' cannot be entered: " + reason(made.error);
    case process::execution_step::limits:
        return "its limit of " + std::string(made.limit) + " is refused: " + reason(made.error);
    case process::execution_step::exec: break;
    }
    return why_not_executed(terms, paths, made, folders);
}

}  // namespace

task<started> start(detail::command_terms terms, standard_input unless_given) {
    const std::string& name = terms.words.front();
    actors::own_process& here = actors::own_process::here();
    started made;
    made.command = co_await claim(name);
    TROUPE_STEP("command: cell claimed");

    two_ends input = standard_input_of(terms, unless_given);
    two_ends output = make_pipe(name, ours::read);
    two_ends error = terms.merge_errors ? two_ends{} : make_pipe(name, ours::read);
    process::execution wanted;
    surroundings around(terms);
    wanted.environment = around.pointers();
    const std::string_view folders = path_in(wanted.environment);
    wanted.paths = paths_of(name, folders);
    for (std::string& word : terms.words) wanted.arguments.push_back(word.data());
    wanted.arguments.push_back(nullptr);
    if (!terms.directory.empty()) wanted.directory = terms.directory.c_str();
    wanted.streams = {input.theirs.get(), output.theirs.get(), (error.theirs ? error : output).theirs.get()};
    try {
        wanted.limits = process::raw(terms.limits);
    } catch (const spawn_failed& problem) {
        refuse(name, problem.what());
    }
    // The program has raised its own, for the keeper.
    const shm::program_header& header = here.memory().header();
    if (here.is_program() && !terms.limits.open_files) wanted.open_files = header.descriptor_limit;
    wanted.parent = header.program_pid;
    const process::parentage parentage = here.is_program() ? process::parentage::child : process::parentage::sibling;

    const process::executed begun = process::execute(wanted, parentage, &made.command->cell().for_clone());
    if (begun.pid != 0) made.command->born(begun.pid);
    if (begun.error != 0) refuse(name, why_not(terms, wanted.paths, begun, folders));
    made.input = std::move(input.ours);
    made.output = std::move(output.ours);
    made.error = std::move(error.ours);
    co_return made;
}

}  // namespace troupe::commands
