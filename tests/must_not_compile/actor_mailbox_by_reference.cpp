// must say: troupe: an actor takes its mailbox by value
#include <troupe/troupe.hpp>

struct put {
    int number;
};

troupe::task<> store(troupe::mailbox<put>& inbox) { co_await inbox.receive(); }

troupe::task<int> program() {
    const auto one = co_await troupe::spawn<store>();
    co_await one.send(put{2});
    co_return 0;
}
