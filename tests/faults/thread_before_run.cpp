// A logger with a thread of its own, made by main before run: writes lines to a FILE, as loggers do.
#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <thread>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
static FILE* logfile;
static bool pausing;
static void log_loop() {
    for (unsigned long i = 0;; ++i) {
        std::fprintf(logfile, "line %lu of some log, of an ordinary length for a line\n", i);
        if (pausing) usleep(100);
    }
}
int job(int x) { return x + 1; }
troupe::task<int> program(std::vector<std::string> a) {
    int n = 0, late = 0;
    for (int i = 0; i < 60; ++i) {
        auto c = co_await troupe::spawn<job>(i);
        bool hung = false;
        try {
            co_await troupe::with_timeout(2s, c.join());
            ++n;
        } catch (const troupe::timed_out&) {
            hung = true;
        }
        if (hung) {
            ++late;
            c.kill();
            co_await c.join();
            if (late >= 3) break;
        }
    }
    std::printf("%d ended, %d hung\n", n, late);
    std::fflush(stdout);
    _exit(late != 0);
}
int main(int c, char** v) {
    pausing = c > 1;
    logfile = std::fopen("/dev/null", "w");
    std::thread(log_loop).detach();
    return troupe::run<program>(c, v);
}
