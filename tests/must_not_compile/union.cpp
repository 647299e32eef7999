// must say: troupe: a union cannot travel
#include <troupe/detail/codec.hpp>

union message {
    int number;
    float real;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
