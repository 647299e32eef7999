// must say: troupe: the function takes more or fewer arguments than it was given
#include <troupe/troupe.hpp>

int add(int a, int b) { return a + b; }

troupe::task<int> program() {
    troupe::pool crew;
    co_return co_await crew.run<add>(1);
}
