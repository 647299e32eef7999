// Actors that supervisors look after, and ways to see what becomes of them.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

namespace team {

using namespace std::chrono_literals;

// Asks an actor for how often it was started again.
struct incarnation {
    using reply = unsigned;
};
struct its_pid {
    using reply = int;
};
// Dies of this signal, while it handles the message.
struct die {
    using reply = int;
    int signal = SIGKILL;
};
struct note {
    int number = 0;
};
// What was noted by this incarnation.
struct noted {
    using reply = std::vector<int>;
};

inline int die_now(int signal) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    std::signal(signal, SIG_DFL);
    raise(signal);
    return 0;
}

using worker_reference = troupe::actor<incarnation, its_pid, die, note, noted>;

inline troupe::task<> worker(troupe::mailbox<incarnation, its_pid, die, note, noted> inbox) {
    std::vector<int> numbers;
    co_await inbox.serve([](incarnation) { return troupe::this_actor::incarnation(); },
                         [](its_pid) { return getpid(); }, [](die m) { return die_now(m.signal); },
                         [&](note m) { numbers.push_back(m.number); }, [&](noted) { return numbers; });
}

class temporary_folder {
public:
    temporary_folder() {
        if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder could be made");
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_ = "/tmp/troupe-test-XXXXXX";
};

// Asks until it is that incarnation that answers; requests that the last one had in hand are asked again.
template <class Reference>
troupe::task<bool> becomes(Reference one, unsigned number) {
    for (;;) {
        try {
            if (co_await one.ask(incarnation{}, 20s) == number) co_return true;
        } catch (const troupe::actor_died&) {
            if (!one.alive()) co_return false;
        }
    }
}

}  // namespace team
