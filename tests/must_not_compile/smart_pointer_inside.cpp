// must say: troupe: a member of this message is a smart pointer
#include <troupe/detail/codec.hpp>

#include <memory>

struct message {
    std::unique_ptr<int> owned;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
