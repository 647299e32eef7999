// must say: troupe: a function that is called has no mailbox
#include <troupe/troupe.hpp>

int work(troupe::mailbox<int>) { return 1; }

troupe::task<int> program() {
    troupe::pool crew;
    co_return co_await crew.run<work>();
}
