// must say: troupe: a member of this message is a view of somebody else's memory
#include <troupe/detail/codec.hpp>

#include <initializer_list>

struct message {
    std::initializer_list<int> numbers;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
