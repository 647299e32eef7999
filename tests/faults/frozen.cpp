// The whole program is frozen for longer than a deadline (Ctrl-Z and fg, docker pause): are its actors killed?
#include <time.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct job {
    int n;
    using reply = int;
};
troupe::task<> worker(troupe::mailbox<job> in) {
    co_await in.serve([](const job& j) {
        timespec t{0, 200'000'000};
        nanosleep(&t, nullptr);
        return j.n;
    });  // 0.2 s of work
}
troupe::task<int> program() {
    setpgid(0, 0);
    auto w = co_await troupe::spawn<worker>({.name = "w", .message_deadline = 1s});
    setpgid(w.pid(), getpid());
    const pid_t thawer = fork();
    if (thawer == 0) {
        setpgid(0, 0);
        usleep(100'000);
        kill(-getppid(), SIGSTOP);
        sleep(3);
        kill(-getppid(), SIGCONT);
        _exit(0);
    }
    try {
        const int n = co_await w.ask(job{1});
        std::printf("answered %d\n", n);
    } catch (const troupe::actor_died& e) {
        std::printf("%s\n", e.what());
    }
    if (!w.alive()) std::printf("%s\n", to_string(co_await w.join()).c_str());
    w.kill();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
