// An actor started by fork gives up its rights.
#include <unistd.h>
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
int drop() {
    if (setgid(65534)) return 2;
    if (setuid(65534)) return 3;
    return getuid() == 65534 ? 0 : 4;
}
troupe::task<int> program() {
    for (int i = 0; i < 30; ++i) {
        auto c = co_await troupe::spawn<drop>();
        bool late = false;
        try {
            auto s = co_await troupe::with_timeout(3s, c.join());
            if (!s.success()) std::printf("%d %s\n", i, to_string(s).c_str());
        } catch (const std::exception& e) {
            std::printf("%d %s\n", i, e.what());
            late = true;
        }
        if (late) {
            std::fflush(stdout);
            char cmd[300];
            std::snprintf(
                cmd, sizeof cmd,
                "cat /proc/%d/wchan; echo; cat /proc/%d/syscall; gdb -p %d -batch -ex bt 2>/dev/null | grep '^#'",
                c.pid(), c.pid(), c.pid());
            (void)!system(cmd);
            c.kill();
            co_await c.join();
            co_return 1;
        }
    }
    std::printf("done\n");
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
