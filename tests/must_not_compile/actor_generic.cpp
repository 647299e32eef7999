// must say: troupe: an actor's function says the types of its parameters
#include <troupe/troupe.hpp>

troupe::task<int> program() {
    co_await troupe::spawn<[](auto) {}>(1);
    co_return 0;
}
