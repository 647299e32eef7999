// must say: troupe: a struct with bit-fields cannot travel
#include <troupe/detail/codec.hpp>

struct message {
    int number : 16;
    std::string text;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
