// must say: troupe: a class that is not a plain struct cannot travel
#include <troupe/detail/codec.hpp>

class message {
public:
    message() = default;
    int number() const { return number_; }

private:
    int number_ = 0;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
