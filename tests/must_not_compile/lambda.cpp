// must say: troupe: a function, a lambda or a function object cannot travel
#include <troupe/detail/codec.hpp>

void send(troupe::detail::outgoing& out) {
    int captured = 1;
    const auto lambda = [captured] { return captured; };
    encode(lambda, out);
}
