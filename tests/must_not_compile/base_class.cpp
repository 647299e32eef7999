// must say: troupe: an aggregate with a base class cannot travel
#include <troupe/detail/codec.hpp>

struct base {
    int number;
};
struct message : base {
    std::string text;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
