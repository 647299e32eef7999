// must say: troupe: serve needs a handler for every message the mailbox takes
#include <troupe/troupe.hpp>

struct put {
    int number;
};

troupe::task<> store(troupe::mailbox<put, int> inbox) {
    co_await inbox.serve([](int) {});
}
