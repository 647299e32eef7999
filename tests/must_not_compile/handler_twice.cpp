// must say: or that another handler takes
#include <troupe/troupe.hpp>

struct put {
    int number;
};

troupe::task<> store(troupe::mailbox<put> inbox) {
    co_await inbox.serve([](put) {}, [](auto) {});
}
