// must say: troupe: spawn was given more or fewer arguments than the actor's function takes
#include <troupe/troupe.hpp>

void count(int, int) {}

troupe::task<int> program() {
    co_await troupe::spawn<count>(1);
    co_return 0;
}
