// must say: troupe: a packed struct (or one with [[no_unique_address]]) of more than plain numbers
#include <troupe/detail/codec.hpp>

struct [[gnu::packed]] message {
    bool sign;
    int number;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
