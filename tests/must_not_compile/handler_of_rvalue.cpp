// must say: troupe: serve needs a handler for every message the mailbox takes
#include <troupe/troupe.hpp>

struct put {
    int number;
};

struct once {
    void operator()(put) && {}
};

troupe::task<> store(troupe::mailbox<put> inbox) { co_await inbox.serve(once{}); }
