#include "chaos/watcher.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "base/owned_fd.hpp"
#include "chaos/crew.hpp"
#include "chaos/witness.hpp"

namespace chaos {
namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr unsigned one_in = 4;  // looks is killed
constexpr auto longest_life = 1500ms;

// Whether every bracket and string is closed, and nothing stands behind the object.
bool is_whole(const std::string& json) {
    std::vector<char> open;
    bool in_string = false;
    std::size_t end = 0;
    for (std::size_t i = 0; i < json.size() && end == 0; ++i) {
        const char one = json[i];
        if (in_string) {
            if (one == '\\') ++i;
            in_string = one != '"';
        } else if (one == '"') {
            in_string = true;
        } else if (one == '{' || one == '[') {
            open.push_back(one == '{' ? '}' : ']');
        } else if (one == '}' || one == ']') {
            if (open.empty() || open.back() != one) return false;
            open.pop_back();
            if (open.empty()) end = i + 1;
        }
    }
    return end != 0 && json.front() == '{' &&
           std::all_of(json.begin() + static_cast<std::ptrdiff_t>(end), json.end(),
                       [](unsigned char rest) { return std::isspace(rest) != 0; });
}

std::string content_of(int file) {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = pread(file, part, sizeof part, static_cast<off_t>(all.size()))) > 0;)
        all.append(part, static_cast<std::size_t>(n));
    return all;
}

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

// One line that begins as the tool's sentences do.
bool is_sentence(const std::string& said) {
    return said.starts_with("troupe: ") && std::count(said.begin(), said.end(), '\n') == 1 && said.back() == '\n';
}

struct look {
    std::vector<std::string> arguments;
    bool prints_json = false;
    std::string writes_json_to = {};
};

class watch {
public:
    watch(pid_t program, std::string tool, std::uint64_t seed)
        : program_(program), tool_(std::move(tool)), random_(seed) {
        std::string name = (std::filesystem::temp_directory_path() / "chaos.XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        const std::string trace = name + "/trace.json";
        looks_ = {look{{"top", "--once", "--latency"}}, look{{"trace", "--seconds", "1", "-o", trace}, false, trace},
                  look{{"ps", "--json", "--full"}, true}};
    }
    ~watch() {
        std::error_code gone;
        std::filesystem::remove_all(folder_, gone);
    }
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;

    void run() {
        while (the_witness().watch_begun == 0) std::this_thread::sleep_for(10ms);  // the program is still made ready
        // In a short run, trouble may be over before one look was good.
        while (the_witness().watch_over == 0 || (the_witness().watch_good == 0 && the_witness().watch_faults == 0)) {
            for (const look& one : looks_) do_one(one);
        }
    }

private:
    unsigned up_to(unsigned most) { return std::uniform_int_distribution<unsigned>(0, most)(random_); }

    void complain(const look& of, const std::string& what) {
        ++the_witness().watch_faults;
        std::printf("    troupe %s: %s\n", of.arguments.front().c_str(), what.c_str());
        std::fflush(stdout);
    }

    pid_t begin(const look& one, int output, int errors) {
        std::vector<std::string> words{tool_};
        words.insert(words.end(), one.arguments.begin(), one.arguments.end());
        words.insert(words.end(), {"-p", std::to_string(program_)});
        std::vector<char*> pointers;
        for (std::string& word : words) pointers.push_back(word.data());
        pointers.push_back(nullptr);
        const pid_t parent = getpid();
        const pid_t child = fork();
        if (child != 0) return child;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0) _exit(126);
        execv(tool_.c_str(), pointers.data());
        _exit(127);
    }

    // Its status, when it has ended or has been killed.
    static int wait_for(pid_t tool, clock_type::time_point kill_at) {
        int status = 0;
        while (waitpid(tool, &status, WNOHANG) == 0) {
            if (clock_type::now() >= kill_at) kill(tool, SIGKILL);
            std::this_thread::sleep_for(5ms);  // a poll: of the two events, an end and a time, whichever comes first
        }
        return status;
    }

    void do_one(const look& one) {
        const troupe::base::owned_fd output(memfd_create("output", MFD_CLOEXEC));
        const troupe::base::owned_fd errors(memfd_create("errors", MFD_CLOEXEC));
        if (!one.writes_json_to.empty()) std::remove(one.writes_json_to.c_str());
        const bool is_killed = up_to(one_in - 1) == 0;
        const auto life = is_killed ? std::chrono::milliseconds(up_to(longest_life / 1ms)) : patience;
        const pid_t tool = output && errors ? begin(one, output.get(), errors.get()) : -1;
        if (tool < 0) return;  // the system has nothing left for it
        const int status = wait_for(tool, clock_type::now() + life);
        ++the_witness().watch_looks;
        if (WIFSIGNALED(status)) {
            if (WTERMSIG(status) != SIGKILL) return complain(one, "signal " + std::to_string(WTERMSIG(status)));
            if (!is_killed) return complain(one, "it hangs");
            ++the_witness().watch_kills;
            return;
        }
        const std::string said = content_of(errors.get());
        if (WEXITSTATUS(status) != 0) {
            if (WEXITSTATUS(status) != 1 || !is_sentence(said))
                complain(one, "exit code " + std::to_string(WEXITSTATUS(status)) + ", and it said: " + said);
            return;
        }
        ++the_witness().watch_good;
        if (one.prints_json && !is_whole(content_of(output.get()))) complain(one, "its JSON is not whole");
        if (!one.writes_json_to.empty() && !is_whole(content_of(one.writes_json_to)))
            complain(one, "its file is not whole JSON");
    }

    pid_t program_;
    std::string tool_;
    std::mt19937_64 random_;
    std::string folder_;
    std::array<look, 3> looks_;
};

}  // namespace

pid_t start_watcher(pid_t program, const std::string& tool, std::uint64_t seed) {
    const pid_t parent = getpid();
    const pid_t watcher = fork();
    if (watcher != 0) return watcher;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    watch(program, tool, seed).run();
    the_witness().watch_done = 1;
    _exit(0);
}

}  // namespace chaos
