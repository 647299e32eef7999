// must say: troupe: an argument given to spawn does not convert
#include <troupe/troupe.hpp>

void count(int) {}

troupe::task<int> program() {
    co_await troupe::spawn<count>("one");
    co_return 0;
}
