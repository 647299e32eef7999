// must say: troupe: a struct with a member whose default constructor is explicit
#include <troupe/detail/codec.hpp>

struct inner {
    explicit inner() {}
};
struct message {
    int number;
    inner member;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
