#include "prove/rehearsal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "prove/stage.hpp"
#include "prove/stepper.hpp"

namespace proving {
namespace {

using namespace std::chrono_literals;

template <class Function>
std::uint64_t address_of(Function* function) {
    return reinterpret_cast<std::uint64_t>(function);
}

}  // namespace

rehearsal::rehearsal(const scene& played) : scene_(played), board_(make_board()) { start(); }

rehearsal::~rehearsal() {
    end();
    close(board_.fd);
}

void rehearsal::start() {
    board_.at->server = 0;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("no sockets left");
    std::string variable = board_.variable();
    std::vector<char*> environment;
    for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
    environment.push_back(variable.data());
    std::string linked = "LD_BIND_NOW=1";  // once, and not in each victim at its first calls
    environment.push_back(linked.data());
    environment.push_back(nullptr);
    std::string name = "prove", stage = "--stage", played = scene_.name;
    char* arguments[] = {name.data(), stage.data(), played.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    pid_t pid = 0;
    const int failed = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments, environment.data());
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed != 0) throw std::runtime_error("the program of the scene cannot be started");
    program_ = pid;
    socket_ = ends[0];
}

void rehearsal::start_again() {
    end();
    start();
}

void rehearsal::abort() const {
    if (const pid_t pid = program_) kill(pid, SIGKILL);
}

void rehearsal::end() {
    abort();
    close(socket_);
    // The program, and whoever is still traced.
    while (waitpid(-1, nullptr, __WALL | __WNOTHREAD) > 0) {
    }
    program_ = 0;
}

std::string rehearsal::hear() {
    char text[longest_answer];
    const ssize_t length = recv(socket_, text, sizeof text, 0);
    if (length <= 0) return "the program has ended";
    const std::string said(text, static_cast<std::size_t>(length));
    return said == all_is_well ? "" : said;
}

std::uint64_t rehearsal::last_address() const { return scene_.who == victim::to_death ? 0 : address_of(&proving_ends); }

bool rehearsal::take_hold(pace how, tracee*& held) {
    board_.at->clear();
    const std::string word = how == pace::quick ? quick_round : slow_round;
    if (send(socket_, word.data(), word.size(), MSG_NOSIGNAL) < 0) return false;
    if (!await_change(board_.at->ready, 0, 10s)) return false;
    const auto pid = static_cast<pid_t>(board_.at->ready.load());
    const bool by_birth = scene_.who == victim::child;
    if (!tracee::seize(pid, by_birth ? follow::children : follow::nobody)) return false;
    held = new tracee(pid);
    if (by_birth) return take_child(held);
    held->interrupt();
    held->set_break(address_of(&proving_begins));
    change(board_.at->go, 1);
    if (held->run().what != halt::kind::trap) return false;
    held->step_back();
    held->take_all_breaks();
    return true;
}

bool rehearsal::take_child(tracee*& held) {
    const std::unique_ptr<tracee> parent(held);
    held = nullptr;
    change(board_.at->go, 1);
    const halt now = parent->wait();
    if (now.what != halt::kind::born) return false;
    held = new tracee(static_cast<pid_t>(now.message), true);
    if (held->wait().what != halt::kind::stopped) return false;
    held->follow_nobody();
    return true;
}

std::vector<kill_point> rehearsal::record(std::string& wrong) {
    std::vector<kill_point> points;
    tracee* found = nullptr;
    const bool taken = take_hold(pace::stepping, found);
    const std::unique_ptr<tracee> held(found);
    if (!taken) {
        wrong = "the victim could not be taken hold of";
    } else {
        stepper(*held, last_address()).walk([&](const kill_point& point) {
            points.push_back(point);
            return false;
        });
        held->detach();
        wrong = hear();
    }
    if (!wrong.empty()) {
        start_again();
    }
    return points;
}

result rehearsal::kill_at(const kill_point& point, pace how) {
    result found;
    tracee* taken = nullptr;
    const bool there = take_hold(how, taken);
    {
        const std::unique_ptr<tracee> held(taken);
        if (!there) {
            found.wrong = "the victim could not be taken hold of";
        } else {
            const arrival met =
                how == pace::quick
                    ? hunt(*held, point, last_address())
                    : stepper(*held, last_address()).walk([&](const kill_point& one) { return one == point; });
            found.killed = met == arrival::there;
            if (found.killed) {
                held->kill();
            } else {
                held->detach();
            }
        }
    }
    if (there) found.wrong = hear();
    if (!found.wrong.empty()) {
        start_again();
    }
    return found;
}

}  // namespace proving
