// must say: const, or a class with a const or reference member
#include <troupe/detail/codec.hpp>

struct message {
    const int number;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
