#include <unistd.h>
#include <cstdio>
#include <troupe/troupe.hpp>
int where() {
    char b[4096];
    std::printf("cwd: %s\n", getcwd(b, sizeof b) ? b : "(none)");
    return 0;
}
troupe::task<int> program() {
    try {
        auto c = co_await troupe::spawn<where>();
        auto s = co_await c.join();
        std::printf("actor: %s\n", to_string(s).c_str());
        co_return s.code();
    } catch (const std::exception& e) {
        std::printf("error: %s\n", e.what());
        co_return 9;
    }
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
