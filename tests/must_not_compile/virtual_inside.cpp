// must say: troupe: a member of this message is a class that is not a plain struct
#include <troupe/detail/codec.hpp>

struct inner {
    virtual ~inner() = default;
};
struct message {
    inner member;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
