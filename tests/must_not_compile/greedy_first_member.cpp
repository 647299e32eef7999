// must say: troupe: a member of this message is a class that is not a plain struct
#include <troupe/detail/codec.hpp>

struct anything {
    anything() = default;
    template <class T>
    anything(T&&) {}
    std::string text;
};
struct message {
    anything first;
    int number;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
