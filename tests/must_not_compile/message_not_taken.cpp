// must say: troupe: this actor does not take messages of this type
#include <troupe/troupe.hpp>

struct put {
    int number;
};

troupe::task<int> program() {
    const troupe::actor<put> one;
    co_await one.send(2.5);
    co_return 0;
}
