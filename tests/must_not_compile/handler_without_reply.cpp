// must say: troupe: the handler of a request returns what the message names as its reply
#include <troupe/troupe.hpp>

struct get {
    using reply = int;
};

troupe::task<> store(troupe::mailbox<get> inbox) {
    co_await inbox.serve([](get) -> troupe::task<> { co_return; });
}
