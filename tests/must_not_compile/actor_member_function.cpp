// must say: troupe: a member function cannot be an actor
#include <troupe/troupe.hpp>

struct store {
    void run() {}
};

troupe::task<int> program() {
    co_await troupe::spawn<&store::run>();
    co_return 0;
}
