// must say: troupe: a pointer cannot travel to another process; send the value it points to
#include <troupe/troupe.hpp>

int* where(int) { return nullptr; }

troupe::task<int> program() {
    troupe::pool crew;
    co_await crew.run<where>(1);
    co_return 0;
}
