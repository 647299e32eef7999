// A link made to an actor that is being started again, whose start is then given up, is neither fulfilled nor undone:
// the next actor of its slot inherits it.
#include <dirent.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct give_child {
    using reply = troupe::actor<int>;
};
static int forkserver_pid() {
    int found = 0;
    if (DIR* d = opendir("/proc")) {
        while (dirent* e = readdir(d)) {
            const int pid = std::atoi(e->d_name);
            if (pid <= 0) continue;
            std::ifstream st("/proc/" + std::string(e->d_name) + "/stat");
            std::string line;
            std::getline(st, line);
            const auto close = line.rfind(')');
            if (close == std::string::npos) continue;
            char state;
            int ppid = 0;
            std::sscanf(line.c_str() + close + 1, " %c %d", &state, &ppid);
            if (ppid == getppid() && line.find("(troupe-forks)") != std::string::npos) found = pid;
            if (ppid == getpid() && line.find("(troupe-forks)") != std::string::npos) found = pid;
        }
        closedir(d);
    }
    return found;
}
troupe::task<> child(troupe::mailbox<int> in) {
    while (co_await in.receive()) {
    }
}
troupe::task<> boss(troupe::mailbox<give_child> in) {
    troupe::supervisor team({.max_restarts = 100});
    auto c = co_await team.spawn<child>({.name = "C"});
    co_await in.serve([&](const give_child&) { return c; });
}
troupe::task<> innocent(troupe::mailbox<int> in, troupe::actor<int> c) {
    while (auto m = co_await in.receive()) {
        if (*m == 1) {
            troupe::this_actor::link(c);
        }
    }
}
void crasher() { std::abort(); }
troupe::task<int> program() {
    auto b = co_await troupe::spawn<boss>({.name = "boss"});
    auto c = co_await b.ask(give_child{});
    auto a = co_await troupe::spawn<innocent>({.name = "A"}, c);
    const int fs = forkserver_pid();
    std::printf("slots: boss %u C %u A %u; forkserver %d\n", b.id().slot(), c.id().slot(), a.id().slot(), fs);
    kill(fs, SIGSTOP);  // C's next start will wait
    kill(c.pid(), SIGKILL);
    co_await troupe::sleep_for(300ms);  // its supervisor has asked for it
    co_await a.send(1);                 // A links to C
    co_await troupe::sleep_for(100ms);
    kill(b.pid(), SIGKILL);  // the boss dies: C is given up
    co_await b.join();
    auto end = co_await troupe::with_timeout(2s, c.join());
    std::printf("C: %s; A alive=%d (it is linked to C)\n", to_string(end).c_str(), a.alive());
    co_await troupe::sleep_for(2500ms);
    std::printf("2.5 s later: A alive=%d\n", a.alive());
    kill(fs, SIGCONT);
    // Others come and go, none of them linked to A; one of them gets C's slot, and crashes.
    for (int i = 0; i < 12 && a.alive(); ++i) {
        auto x = co_await troupe::spawn<crasher>({.name = "stranger"});
        const unsigned slot = x.id().slot();
        co_await x.join();
        co_await troupe::sleep_for(50ms);
        std::printf("stranger in slot %u crashed: A alive=%d\n", slot, a.alive());
    }
    if (!a.alive()) std::printf("A: %s\n", to_string(co_await a.join()).c_str());
    a.kill();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv, {.actors = 6}); }
