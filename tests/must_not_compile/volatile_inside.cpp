// must say: troupe: a member of this message is volatile
#include <troupe/detail/codec.hpp>

struct message {
    volatile int number;
    std::string text;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
