// must say: troupe: a pointer cannot travel to another process
#include <troupe/troupe.hpp>

void show(const char*) {}

troupe::task<int> program() {
    co_await troupe::spawn<show>("text");
    co_return 0;
}
