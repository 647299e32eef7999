// must say: troupe: a member of this message is a class that is not a plain struct
#include <troupe/detail/codec.hpp>

#include <any>

struct message {
    std::any first;
    int number;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
