// must say: troupe: an actor has one mailbox, and it is the first parameter
#include <troupe/troupe.hpp>

struct put {
    int number;
};

troupe::task<> store(troupe::mailbox<put>, troupe::mailbox<int>) { co_return; }

troupe::task<int> program() {
    co_await troupe::spawn<store>();
    co_return 0;
}
