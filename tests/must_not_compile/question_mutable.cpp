// must say: troupe: what is asked at each start is a function or a lambda that takes nothing
#include <troupe/troupe.hpp>

void count(int) {}

troupe::task<int> program() {
    troupe::supervisor team;
    co_await team.spawn<count>(troupe::asked_at_each_start([n = 0]() mutable { return ++n; }));
    co_return 0;
}
