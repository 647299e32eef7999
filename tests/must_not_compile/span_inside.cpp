// must say: troupe: a member of this message is a view of somebody else's memory
#include <troupe/detail/codec.hpp>

#include <span>

struct message {
    std::span<int> numbers;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
