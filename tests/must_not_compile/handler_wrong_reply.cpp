// must say: troupe: the handler of a request returns what the message names as its reply
#include <troupe/troupe.hpp>

struct get {
    using reply = std::string;
    int number;
};

troupe::task<> store(troupe::mailbox<get> inbox) {
    co_await inbox.serve([](get asked) { return asked.number; });
}
