// must say: troupe: an actor's arguments are copies of its own
#include <troupe/troupe.hpp>

void count(int& number) { ++number; }

troupe::task<int> program() {
    int number = 0;
    co_await troupe::spawn<count>(number);
    co_return 0;
}
