// must say: troupe: two message types of this mailbox cannot be told apart
#include <troupe/troupe.hpp>

template <int>
auto make() {
    struct event {
        int number;
    };
    return event{};
}
using first = decltype(make<1>());
using second = decltype(make<2>());

troupe::task<> store(troupe::mailbox<first, second> inbox) { co_await inbox.receive<first>(); }
