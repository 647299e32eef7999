// must say: troupe: a handler given to serve takes a message that the mailbox does not
#include <troupe/troupe.hpp>

struct put {
    int number;
};

troupe::task<> store(troupe::mailbox<put> inbox) {
    co_await inbox.serve([](put) {}, [](double) {});
}
