// must say: troupe: asked_at_each_start gives all arguments of a child, and stands alone
#include <troupe/troupe.hpp>

void count(int, int) {}

troupe::task<int> program() {
    troupe::supervisor team;
    co_await team.spawn<count>(1, troupe::asked_at_each_start([] { return 2; }));
    co_return 0;
}
