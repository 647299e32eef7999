// must say: troupe: this is no function
#include <troupe/troupe.hpp>

troupe::task<int> program() {
    co_await troupe::spawn<42>();
    co_return 0;
}
