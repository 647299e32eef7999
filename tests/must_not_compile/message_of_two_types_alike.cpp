// must say: troupe: two message types of this mailbox cannot be told apart
#include <troupe/troupe.hpp>

template <int>
auto make() {
    struct event {
        int number;
    };
    return event{};
}
using first = decltype(make<1>());  // which clang spells alike
using second = decltype(make<2>());

const auto make_third = [] {
    struct event {
        int number;
    };
    return event{};
};
const auto make_fourth = [] {
    struct event {
        int number;
    };
    return event{};
};
using third = decltype(make_third());  // which GCC spells alike
using fourth = decltype(make_fourth());

troupe::task<> store(troupe::mailbox<first, second, third, fourth> inbox) { co_await inbox.receive<first>(); }
