// must say: a type without a default constructor
#include <troupe/detail/codec.hpp>

struct inner {
    explicit inner(int);
    int number;
};
struct message {
    inner member;
    int other;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
