// must say: troupe: a member of this message is a view of somebody else's memory
#include <troupe/detail/codec.hpp>

#include <string_view>

struct message {
    std::string_view text;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
