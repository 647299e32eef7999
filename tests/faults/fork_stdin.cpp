// The program reads a line from stdin and gives it to an actor; the actor looks at its stdin, which is said to be
// /dev/null.
#include <cstdio>
#include <iostream>
#include <string>
#include <troupe/troupe.hpp>
int look(std::string line) {
    int n = 0;
    char b[256];
    std::string got;
    while (std::fgets(b, sizeof b, stdin)) {
        ++n;
        got += b;
    }
    if (n) std::printf("actor for '%s' read %d lines from its stdin: %s", line.c_str(), n, got.c_str());
    return n ? 1 : 0;
}
int look2(std::string line) {
    int n = 0;
    std::string l, got;
    while (std::getline(std::cin, l)) {
        ++n;
        got += l + " ";
    }
    if (n) std::printf("actor(cin) for '%s' read %d lines from its stdin: %s\n", line.c_str(), n, got.c_str());
    return n ? 1 : 0;
}
troupe::task<int> program(std::vector<std::string> a) {
    int bad = 0;
    char b[256];
    bool sync = a.empty();
    if (!sync) std::ios::sync_with_stdio(false);
    std::string l;
    int lines = 0;
    while (sync ? std::fgets(b, sizeof b, stdin) != nullptr : bool(std::getline(std::cin, l))) {
        ++lines;
        std::string line = sync ? std::string(b, std::char_traits<char>::length(b) - 1) : l;
        troupe::actor<> c;
        if (sync) {
            c = co_await troupe::spawn<look>(line);
        } else {
            c = co_await troupe::spawn<look2>(line);
        }
        bad += (co_await c.join()).code();
    }
    std::printf("program read %d lines, %d actors found input\n", lines, bad);
    co_return bad != 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
