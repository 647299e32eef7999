// must say: troupe: an actor's function returns void or int
#include <troupe/troupe.hpp>

troupe::task<double> compute() { co_return 1.5; }

troupe::task<int> program() {
    co_await troupe::spawn<compute>();
    co_return 0;
}
