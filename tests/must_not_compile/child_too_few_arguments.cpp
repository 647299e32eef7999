// must say: troupe: a child was given more or fewer arguments
#include <troupe/troupe.hpp>

void count(int, int) {}

troupe::task<int> program() {
    troupe::supervisor team;
    co_await team.spawn<count>(1);
    co_return 0;
}
