// must say: troupe: neither an argument nor the result of a pool's task can hold a descriptor
#include <troupe/troupe.hpp>

int serve(troupe::descriptor) { return 0; }

troupe::task<int> program() {
    troupe::pool crew;
    co_await crew.run<serve>(troupe::descriptor());
    co_return 0;
}
