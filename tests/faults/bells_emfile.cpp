// A long-lived server that has answered some 1,000 short-lived clients has no descriptor left for itself.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <troupe/troupe.hpp>
#include <vector>
using namespace std::chrono_literals;
struct job {
    int n;
    using reply = int;
};
static int open_fds() {
    int n = 0;
    if (DIR* d = opendir("/proc/self/fd")) {
        while (readdir(d)) ++n;
        closedir(d);
        n -= 3;
    }
    return n;
}
static int bells() {
    int n = 0;
    if (DIR* d = opendir("/proc/self/fd")) {
        while (dirent* e = readdir(d)) {
            char to[64] = {};
            const std::string p = std::string("/proc/self/fd/") + e->d_name;
            if (readlink(p.c_str(), to, 63) > 0 && std::strstr(to, "eventfd")) ++n;
        }
        closedir(d);
    }
    return n;
}
troupe::task<> server(troupe::mailbox<job> in) {
    co_await in.serve([](const job& j) -> troupe::task<int> {
        co_await troupe::sleep_for(1ms);  // the asker sleeps by now
        if (j.n >= 0) co_return j.n;
        const int all = open_fds(), eventfds = bells();
        std::vector<int> mine;
        int error = 0;
        for (int i = 0; i < 8; ++i) {
            const int fd = open("/etc/hostname", O_RDONLY);
            if (fd < 0) {
                error = errno;
                break;
            }
            mine.push_back(fd);
        }
        std::printf("server: %d descriptors open, %d of them eventfds; of 8 files of its own it could open %zu%s%s\n",
                    all, eventfds, mine.size(), error ? ": " : "", error ? std::strerror(error) : "");
        FILE* p = popen("true", "r");
        std::printf("server: popen %s\n", p ? "works" : std::strerror(errno));
        if (p) pclose(p);
        for (int fd : mine) close(fd);
        std::fflush(stdout);
        co_return error;
    });
}
troupe::task<int> client(troupe::actor<job> s, int n) { co_return (co_await s.ask(job{n})) < 0; }
troupe::task<int> program(std::vector<std::string> args) {
    const int n = args.size() > 0 ? std::atoi(args[0].c_str()) : 1100;
    auto s = co_await troupe::spawn<server>({.name = "server"});
    co_await s.ask(job{-1});
    for (int i = 1; i <= n; ++i) co_await (co_await troupe::spawn<client>(s, i)).join();
    std::printf("%d clients have come and gone; alive: program and server\n", n);
    co_await s.ask(job{-1});
    s.kill();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
