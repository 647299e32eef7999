#include "prove/stage.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>

#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"
#include "kill/remains.hpp"
#include "prove/board.hpp"
#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using namespace std::chrono_literals;

constexpr int command = 0;      // the socket
constexpr int rehearsals = 3;   // until everything that is opened once is open
constexpr long more_lines = 8;  // of mappings: what the C library maps for itself comes and goes

// Of this process; the doorbells it keeps for the next ring are closed first.
struct holdings {
    long descriptors = 0;
    long mappings = 0;

    static holdings now() {
        troupe::actors::own_process::here().participant().doorbells().close_all();
        const std::filesystem::directory_iterator open("/proc/self/fd");
        std::ifstream maps("/proc/self/maps");
        return {std::distance(begin(open), end(open)),
                std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n')};
    }
};

class theatre {
public:
    explicit theatre(const scene& played) : played_(played) {}

    std::string round(std::chrono::seconds watchdog) {
        std::string wrong;
        try {
            wrong = troupe::sync_wait(troupe::with_timeout(watchdog, played_.round()));
        } catch (const troupe::timed_out&) {
            const board& now = board::here();
            return "stalled in phase " + std::to_string(now.phase) + ", " + std::to_string(now.noted) + " noted";
        } catch (const std::exception& unexpected) {
            wrong = std::string("threw: ") + unexpected.what();
        }
        ++rounds_;
        return wrong + leaks();
    }

private:
    static holdings at_rest() {
        for (holdings before = holdings::now();;) {
            std::this_thread::sleep_for(5ms);
            const holdings now = holdings::now();
            if (now.descriptors == before.descriptors) return now;
            before = now;
        }
    }
    // What is there once it is as many descriptors as before, or at the end of a watchdog: the keeper closes that of a
    // process a moment after it has collected the process.
    holdings settled() const {
        const auto until = std::chrono::steady_clock::now() + 20s;
        holdings now = holdings::now();
        while (now.descriptors != at_first_.descriptors && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(1ms);
            now = holdings::now();
        }
        return now;
    }

    std::string leaks() {
        std::ostringstream left;
        const killing::remains before = killing::remains::nothing();
        const killing::remains after = killing::remains::settled(before);
        if (after != before) left << " left behind: " << after << ';';
        if (rounds_ <= rehearsals) at_first_ = at_rest();
        const holdings now = settled();
        if (now.descriptors != at_first_.descriptors) {
            left << " descriptors: " << at_first_.descriptors << " before, " << now.descriptors << " now;";
        }
        if (now.mappings > at_first_.mappings + more_lines) {
            left << " mappings: " << at_first_.mappings << " before, " << now.mappings << " now;";
        }
        return left.str();
    }

    const scene& played_;
    int rounds_ = 0;
    holdings at_first_;
};

// A program asks its keeper about open files through a pair of sockets, which it makes for the first of them, and it
// waits for descriptors in an epoll set, which it makes when it waits for the first. The first rounds of a scene do not
// always come so far.
void open_what_is_opened_once() {
    troupe::queue<with_file> own;
    troupe::sync_wait(own.put(make<with_file>(0)));
    troupe::sync_wait(own.get());
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    try {
        troupe::sync_wait(troupe::with_timeout(1ms, troupe::readable(ends[0])));
    } catch (const troupe::timed_out&) {
    }
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace

int stage(std::vector<std::string> arguments) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto found =
        std::find_if(scenes().begin(), scenes().end(), [&](const scene& one) { return one.name == arguments.at(1); });
    if (found == scenes().end()) return 2;
    open_what_is_opened_once();
    theatre open(*found);
    char word[32];
    for (;;) {
        const ssize_t length = recv(command, word, sizeof word - 1, 0);
        if (length <= 0) return 0;
        word[length] = '\0';
        std::string said = open.round(word == std::string(slow_round) ? 100s : 10s);
        if (said.empty()) said = all_is_well;
        said.resize(std::min<std::size_t>(said.size(), longest_answer));
        send(command, said.data(), said.size(), MSG_NOSIGNAL);
    }
}

}  // namespace proving
