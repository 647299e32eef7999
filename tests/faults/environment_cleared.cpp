// main starts with a clean environment, as daemons do, then runs.
#include <fcntl.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <troupe/troupe.hpp>
int hello() {
    std::printf("hello from actor %d\n", getpid());
    return 0;
}
troupe::task<int> program() {
    std::printf("program %d\n", getpid());
    std::fflush(stdout);
    try {
        auto c = co_await troupe::spawn<hello>();
        auto s = co_await c.join();
        co_return s.code();
    } catch (const std::exception& e) {
        std::printf("error in %d: %s\n", getpid(), e.what());
        co_return 9;
    }
}
int main(int c, char** v) {
    int f = open("g_count", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char x = '.';
    (void)!write(f, &x, 1);
    if (lseek(f, 0, SEEK_END) > 20) {
        dprintf(2, "stopped: main was reached more than 20 times\n");
        _exit(42);
    }
    close(f);
    std::string method = std::getenv("TROUPE_START_METHOD") ? std::getenv("TROUPE_START_METHOD") : "forkserver";
    clearenv();
    setenv("PATH", "/usr/bin:/bin", 1);
    return troupe::run<program>(c, v, {.method = troupe::parse_start_method(c > 1 ? v[1] : method)});
}
