// must say: troupe: a lambda that is an actor is a constant
#include <troupe/troupe.hpp>

troupe::task<int> program() {
    co_await troupe::spawn<[](int) mutable {}>(1);
    co_return 0;
}
