// must say: troupe: a struct with bit-fields cannot travel
#include <troupe/detail/codec.hpp>

struct message {
    unsigned low : 3;
    unsigned high : 5;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
