// must say: troupe: a member of this message is a lock, an atomic or another object that cannot be moved
#include <troupe/detail/codec.hpp>

#include <mutex>

struct message {
    std::mutex lock;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
