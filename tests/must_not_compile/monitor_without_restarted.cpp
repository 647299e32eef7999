// must say: troupe: only a mailbox that takes troupe::down and troupe::restarted can monitor every incarnation
#include <troupe/troupe.hpp>

troupe::task<> watch(troupe::mailbox<troupe::down> inbox, troupe::actor<> other) {
    inbox.monitor(other, troupe::every_incarnation);
    co_await inbox.receive();
}

troupe::task<int> program() {
    co_await troupe::spawn<watch>(troupe::actor<>{});
    co_return 0;
}
