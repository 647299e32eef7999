// must say: troupe: a member of this message is a class that is not a plain struct
#include <troupe/detail/codec.hpp>

#include <map>
#include <thread>

struct message {
    std::map<int, std::thread> threads;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
