#include <dlfcn.h>
#include <cstdio>
#include <troupe/troupe.hpp>
int own(int x) { return x * 2; }
troupe::task<int> program(std::vector<std::string> a) {
    auto c = co_await troupe::spawn<own>(3);
    std::printf("own: %d\n", (co_await c.join()).code());
    void* h = dlopen(a[0].c_str(), RTLD_NOW);
    if (!h) {
        std::printf("%s\n", dlerror());
        co_return 1;
    }
    auto f = reinterpret_cast<troupe::task<int> (*)(int)>(dlsym(h, "start_job"));
    std::printf("plugin loaded\n");
    std::fflush(stdout);
    try {
        std::printf("plugin: %d\n", co_await f(4));
    } catch (const std::exception& e) {
        std::printf("plugin: error: %s\n", e.what());
    }
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
