// main lets a library of command-line flags take its flags out of argv (as benchmark::Initialize, gflags, gtk_init,
// MPI_Init do), then runs.
#include <cstdio>
#include <cstring>
#include <string>
#include <troupe/troupe.hpp>
static int level = 0;
static int seen_argc = 0;
static std::string seen;
static void take_flags(int* argc, char** argv) {  // --level=N is taken out; argv is moved up in place
    for (int i = 1; i < *argc; ++i)
        if (std::strncmp(argv[i], "--level=", 8) == 0) {
            level = std::atoi(argv[i] + 8);
            for (int j = i; j != *argc - 1; ++j) argv[j] = argv[j + 1];
            --*argc;
            --i;
        }
}
int show() {
    std::printf("actor:   level %d, argc %d, argv%s\n", level, seen_argc, seen.c_str());
    return level;
}
troupe::task<int> program() {
    std::printf("program: level %d, argc %d, argv%s\n", level, seen_argc, seen.c_str());
    auto c = co_await troupe::spawn<show>();
    auto s = co_await c.join();
    co_return s.code() == level ? 0 : 1;
}
int main(int c, char** v) {
    seen_argc = c;
    for (int i = 1; i < c; ++i) seen += std::string(" ") + v[i];
    take_flags(&c, v);
    return troupe::run<program>(c, v);
}
