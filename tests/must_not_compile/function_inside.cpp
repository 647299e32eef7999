// must say: troupe: a member of this message is a function
#include <troupe/detail/codec.hpp>

#include <functional>

struct message {
    std::function<void()> call;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
