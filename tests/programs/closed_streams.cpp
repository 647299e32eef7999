// A program that was started with its standard streams closed.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

std::FILE* out = nullptr;

int print_much() {
    for (int i = 0; i < 1000; ++i) std::puts("a line that nobody reads");
    std::fputs("and an error\n", stderr);
    return fcntl(STDOUT_FILENO, F_GETFD) >= 0 && fcntl(STDERR_FILENO, F_GETFD) >= 0 ? 5 : 6;
}

troupe::task<int> echo(troupe::queue<int> in, troupe::queue<int> back) {
    std::puts("a line");
    const auto got = co_await in.get();
    co_await back.put(*got);
    co_return 0;
}

int live() {
    verdict said(out);
    const auto loud = troupe::sync_wait(troupe::spawn<&print_much>());
    said.check("streams: an actor prints into nowhere when stdout and stderr are closed, and lives",
               troupe::sync_wait(loud.join()).code() == 5);
    troupe::queue<int> in, back;
    const auto child = troupe::sync_wait(troupe::spawn<&echo>(in, back));
    troupe::sync_wait(in.put(42));
    said.check("streams: what is printed never gets into shared memory, a socket or a doorbell",
               troupe::sync_wait(back.get()) == 42 && troupe::sync_wait(child.join()).success());
    return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    if (std::getenv("TROUPE_CHILD") == nullptr) {
        out = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100), "w");
        for (int fd = 0; fd <= 2; ++fd) close(fd);
    }
    return troupe::run<live>(argc, argv);
}
