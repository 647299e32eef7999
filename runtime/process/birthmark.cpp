#include "process/birthmark.hpp"

#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/address_map.hpp"
#include "base/owned_fd.hpp"
#include "base/valgrind.hpp"

namespace troupe::process {
namespace {

constexpr std::size_t pid_digits = 10;

struct origin {
    std::string calling;
    pid_t pid = 0;                              // of the process that began here
    std::string executable = "/proc/self/exe";  // what to execute
    std::string file = executable;              // what was loaded
    std::vector<std::string> words;
    std::vector<char*> arguments;
};

// Made by the constructor below, before any other object, and so destroyed after all of them: an actor may be started
// from an exit handler.
origin& own() {
    static origin known;
    return known;
}

// The value of the variable in such a line; null in others.
const char* value_of_birthmark(const char* line) noexcept {
    const std::size_t length = std::strlen(birthmark_variable);
    return std::strncmp(line, birthmark_variable, length) == 0 && line[length] == '=' ? line + length + 1 : nullptr;
}

void read_birthmark(char** environment, origin& here) {
    for (char** line = environment; line != nullptr && *line != nullptr; ++line) {
        const char* value = value_of_birthmark(*line);
        if (value == nullptr) continue;
        const char* pid = std::strrchr(value, ' ');
        if (pid != nullptr && std::atol(pid) == here.pid) here.calling.assign(value, pid);
    }
}

std::vector<std::string> words_of_command_line() {
    std::string all;
    const base::owned_fd file(open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
    char part[4096];
    for (ssize_t got; file && (got = read(file.get(), part, sizeof part)) > 0;) {
        all.append(part, static_cast<std::size_t>(got));
    }
    std::vector<std::string> words;
    for (std::size_t at = 0; at < all.size(); at += words.back().size() + 1) words.emplace_back(all.c_str() + at);
    return words;
}

// The file that the program's code was mapped from; empty where it cannot be told.
std::string file_of_code() {
    std::uint64_t place = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* program, std::size_t, void* found) {
            *static_cast<std::uint64_t*>(found) = reinterpret_cast<std::uint64_t>(program->dlpi_phdr);
            return 1;  // the program is the first
        },
        &place);
    base::address_map mappings;
    while (const base::mapping* one = mappings.next()) {
        if (one->begin <= place && place < one->end) return one->path;
    }
    return {};
}

// A program that was started as an argument of the dynamic loader (`/lib64/ld-linux-x86-64.so.2 ./program ...`), for
// which /proc/self/exe is the loader, is started so again: from wherever, and with the same argv[0].
void read_loader_command(int argc, char** argv, origin& here) {
    std::vector<std::string> words = words_of_command_line();
    const auto count = static_cast<std::size_t>(argc);
    if (argc < 1 || words.size() <= count) return;
    const std::size_t program = words.size() - count;
    const std::string file = file_of_code();
    if (file.empty()) return;
    words[program] = here.file = file;
    const std::string own_name[] = {"--argv0", argv[0]};
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(program), std::begin(own_name), std::end(own_name));
    here.words = std::move(words);
}

// Under valgrind the link is the program's for readlink, and valgrind's own for everybody else.
void read_link(origin& here) {
    char path[PATH_MAX];
    const ssize_t length = readlink(here.executable.c_str(), path, sizeof path);
    if (length > 0) here.executable = here.file = std::string(path, static_cast<std::size_t>(length));
}

// Before the constructors of static objects, with what main will be given.
[[gnu::constructor(101)]] void begin(int argc, char** argv, char** environment) {
    origin& here = own();
    here.pid = getpid();
    here.words.assign(argv, argv + argc);
    if (base::under_valgrind()) read_link(here);
    // Nobody interprets the loader itself, nor a program that is linked statically.
    if (getauxval(AT_BASE) == 0) read_loader_command(argc, argv, here);
    for (std::string& word : here.words) here.arguments.push_back(word.data());
    here.arguments.push_back(nullptr);
    read_birthmark(environment, here);
}

}  // namespace

std::string birthmark(const std::string& calling) {
    return std::string(birthmark_variable) + '=' + calling + ' ' + std::string(pid_digits, '0');
}

void stamp_birthmark(char* const* environment) noexcept {
    for (; *environment != nullptr; ++environment) {
        if (value_of_birthmark(*environment) == nullptr) continue;
        char* digit = *environment + std::strlen(*environment);
        pid_t rest = getpid();
        for (std::size_t i = 0; i < pid_digits; ++i, rest /= 10) *--digit = static_cast<char>('0' + rest % 10);
    }
}

const std::string& own_calling() noexcept { return own().calling; }

bool is_copy_of_called() noexcept { return !own().calling.empty() && own().pid != getpid(); }

command own_command() noexcept { return {own().executable.c_str(), own().arguments.data()}; }

file_id own_file() noexcept {
    struct stat about{};
    if (stat(own().file.c_str(), &about) != 0) return {};
    return {about.st_dev, about.st_ino};
}

}  // namespace troupe::process
