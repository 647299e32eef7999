// A start that is refused, and whose spawner is killed before it hears of that: its slot stays taken for ever.
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
static int forkserver_pid() {
    int found = 0;
    if (DIR* d = opendir("/proc")) {
        while (dirent* e = readdir(d)) {
            if (std::atoi(e->d_name) <= 0) continue;
            std::ifstream st("/proc/" + std::string(e->d_name) + "/stat");
            std::string line;
            std::getline(st, line);
            const auto close = line.rfind(')');
            if (close == std::string::npos) continue;
            char state;
            int ppid = 0;
            std::sscanf(line.c_str() + close + 1, " %c %d", &state, &ppid);
            if (ppid == getpid() && line.find("(troupe-forks)") != std::string::npos) found = std::atoi(e->d_name);
        }
        closedir(d);
    }
    return found;
}
troupe::task<> idle(troupe::mailbox<int> in) {
    while (co_await in.receive()) {
    }
}
troupe::task<> try_it() { co_await troupe::spawn<idle>({.name = "grandchild"}); }
troupe::task<> busy() {  // starts an actor, and then computes
    try {
        co_await troupe::when_any(try_it(), []() -> troupe::task<> {
            usleep(2000000);
            co_return;
        }());
    } catch (...) {
    }
}
troupe::task<int> program() {
    auto w = co_await troupe::spawn<idle>();
    w.kill();
    co_await w.join();
    const int fs = forkserver_pid();
    rlimit old{};
    prlimit(fs, RLIMIT_NOFILE, nullptr, &old);
    for (int i = 0; i < 12; ++i) {
        rlimit low{7, old.rlim_max};
        low.rlim_cur = 7;
        auto b = co_await troupe::spawn<busy>({.name = "busy", .method = troupe::start_method::spawn});
        prlimit(fs, RLIMIT_NOFILE, &low, nullptr);  // the forkserver is short of descriptors for a moment
        co_await troupe::sleep_for(400ms);
        const int bp = b.pid();
        std::printf("busy %d\n", bp);
        if (bp > 0) kill(bp, SIGKILL);
        co_await b.join();
        prlimit(fs, RLIMIT_NOFILE, &old, nullptr);
    }
    co_await troupe::sleep_for(500ms);
    std::vector<troupe::actor<int>> all;
    std::string why;
    try {
        for (int i = 0; i < 15; ++i) all.push_back(co_await troupe::spawn<idle>());
    } catch (const troupe::error& e) {
        why = e.what();
    }
    std::printf("nobody but the program alive; of 15 actors (limit 16, program included) %zu could be started. %s\n",
                all.size(), why.c_str());
    for (auto& a : all) a.kill();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv, {.actors = 16}); }
