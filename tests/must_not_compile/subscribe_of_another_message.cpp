// must say: troupe: this actor does not take the messages of this topic
#include <troupe/troupe.hpp>

troupe::task<> reader(troupe::mailbox<int> inbox) {
    const troupe::topic<long> news("news");
    co_await news.subscribe(inbox.address());
}
