#include "kill/warrant.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <ostream>
#include <string_view>
#include <utility>

#include <troupe/troupe.hpp>

#include "base/step.hpp"
#include "catch.hpp"
#include "channel/participant.hpp"
#include "kill/remains.hpp"
#include "process/birthmark.hpp"

namespace killing {
namespace {

constexpr std::chrono::seconds watchdog(20);
constexpr const char* variable = "TROUPE_TEST_WARRANT";
constexpr pid_t nobody = 0, any_actor = -1, the_server = -2, not_taken = -3;

struct paper {
    pid_t program = 0;
    std::atomic<pid_t> subject = nobody;
    std::atomic<int> countdown = 0;
    std::atomic<int> done = 0;
    char step[64] = {};
    char place[64] = {};
};

paper* warrant = nullptr;
pid_t server = 0;

// The program's own step, and what it does there.
std::string own_step;
std::function<void()> at_it;
const pthread_t main_thread = pthread_self();

void on_step(const char* name) {
    if (at_it && pthread_equal(pthread_self(), main_thread) != 0 && own_step == name) std::exchange(at_it, nullptr)();
    const pid_t subject = warrant->subject;
    if (subject == nobody || subject == not_taken) return;
    const pid_t self = getpid();
    if (self == warrant->program) return;
    const bool meant = self == server ? subject == the_server : subject == any_actor || subject == self;
    if (!meant || (warrant->step[0] != '\0' && std::strcmp(warrant->step, name) != 0)) return;
    if (--warrant->countdown != 0) return;
    warrant->subject = nobody;
    std::strncpy(warrant->place, name, sizeof warrant->place - 1);
    raise(SIGKILL);
}

paper* shared_paper() {
    const char* known = std::getenv(variable);
    const int fd = known != nullptr ? open(known, O_RDWR | O_CLOEXEC) : memfd_create("warrant", MFD_CLOEXEC);
    if (fd < 0 || (known == nullptr && ftruncate(fd, sizeof(paper)) != 0)) std::abort();
    void* at = mmap(nullptr, sizeof(paper), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) std::abort();
    if (known != nullptr) {
        close(fd);
        return static_cast<paper*>(at);
    }
    paper* made = new (at) paper;
    made->program = getpid();
    setenv(variable, ("/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd)).c_str(), 1);
    return made;
}

// Before main, in every process of the program.
const bool posted = [] {
    const char* child = std::getenv(troupe::process::birthmark_variable);
    if (child == nullptr) unsetenv(variable);  // a test program run by another one has a warrant of its own
    warrant = shared_paper();
    if (child != nullptr && std::string_view(child).starts_with("server")) server = getpid();
    troupe::base::step_hook = &on_step;
    return true;
}();

}  // namespace

void sign_warrant(victim who, int nth, const std::string& step) {
    withdraw_warrant();
    std::memset(warrant->place, 0, sizeof warrant->place);
    std::memset(warrant->step, 0, sizeof warrant->step);
    step.copy(warrant->step, sizeof warrant->step - 1);
    warrant->done = 0;
    warrant->countdown = nth;
    warrant->subject = who == victim::itself ? not_taken : who == victim::next_child ? any_actor : the_server;
}

void withdraw_warrant() { warrant->subject = nobody; }

void take_warrant() {
    pid_t open = not_taken;
    warrant->subject.compare_exchange_strong(open, getpid());
}

void at_own_step(const std::string& step, std::function<void()> what) {
    own_step = step;
    at_it = std::move(what);
}

std::string place_of_death() { return warrant->place; }
void note(int done) { warrant->done = done; }
int noted() { return warrant->done; }

troupe::task<> asleep(troupe::detail::actor_id actor) {
    const troupe::shm::program_memory& memory = troupe::channel::participant::here().memory();
    while (memory.processes().is_alive(actor) && memory.header().awake.contains(actor.slot())) co_await troupe::yield();
}

std::set<std::string> die_everywhere(troupe::task<troupe::exit_status> (*round)(), victim who) {
    std::set<std::string> places;
    const remains before = remains::nothing();
    withdraw_warrant();
    for (int nth = 1;; ++nth) {
        sign_warrant(who, nth);
        const troupe::exit_status end = troupe::sync_wait(troupe::with_timeout(watchdog, round()));
        INFO("death " << nth << " at '" << place_of_death() << "', " << to_string(end));
        REQUIRE(remains::settled(before) == before);
        if (end.success()) break;
        REQUIRE(end.code() == -SIGKILL);
        places.insert(place_of_death());
    }
    withdraw_warrant();
    for (const std::string& place : places) std::printf("died at %s\n", place.c_str());  // see tests/steps.py
    return places;
}

std::ostream& operator<<(std::ostream& out, const deaths& those) {
    out << "nobody died at";
    for (const std::string& step : those.missing_) out << " '" << step << '\'';
    return out;
}

deaths dies_at_each(std::set<std::string> wanted, troupe::task<troupe::exit_status> (*round)(), victim who) {
    constexpr int most_plays = 6;
    for (int play = 0; play < most_plays && !wanted.empty(); ++play) {
        for (const std::string& place : die_everywhere(round, who)) wanted.erase(place);
    }
    return deaths(std::move(wanted));
}

}  // namespace killing
