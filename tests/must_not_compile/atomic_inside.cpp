// must say: troupe: a member of this message is a lock, an atomic
#include <troupe/detail/codec.hpp>

#include <atomic>

struct message {
    std::atomic<int> count;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
