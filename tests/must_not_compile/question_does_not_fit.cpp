// must say: troupe: what is asked at each start returns the arguments of the actor's function
#include <troupe/troupe.hpp>

void count(int, int) {}

troupe::task<int> program() {
    troupe::supervisor team;
    co_await team.spawn<count>(troupe::asked_at_each_start([] { return std::string("one"); }));
    co_return 0;
}
