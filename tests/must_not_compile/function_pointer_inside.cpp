// must say: troupe: a member of this message is a function
#include <troupe/detail/codec.hpp>

struct message {
    void (*call)(int);
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
