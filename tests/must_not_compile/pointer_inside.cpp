// must say: troupe: a member of this message is a pointer
#include <troupe/detail/codec.hpp>

struct inner {
    int* pointer;
};
struct message {
    std::vector<inner> list;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
