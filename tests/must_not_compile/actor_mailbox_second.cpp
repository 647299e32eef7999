// must say: troupe: an actor has one mailbox, and it is the first parameter
#include <troupe/troupe.hpp>

struct put {
    int number;
};

troupe::task<> store(int, troupe::mailbox<put>) { co_return; }

troupe::task<int> program() {
    const auto one = co_await troupe::spawn<store>(1);
    co_await one.send(put{2});
    co_return 0;
}
