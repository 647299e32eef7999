// must say: troupe: the actor's function stands in angle brackets
#include <troupe/troupe.hpp>

void count(int) {}

troupe::task<int> program() {
    co_await troupe::spawn(count, 1);
    co_return 0;
}
