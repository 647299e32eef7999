// must say: troupe: an aggregate with a base class cannot travel
#include <troupe/detail/codec.hpp>

struct base {};
struct message : base {
    int number;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
