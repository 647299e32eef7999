// must say: include <troupe/msgpack.hpp> first
#include <troupe/detail/codec.hpp>

#include <msgpack.hpp>

struct message {
    int number;
    MSGPACK_DEFINE(number);
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
