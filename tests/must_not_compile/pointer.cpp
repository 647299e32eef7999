// must say: troupe: a pointer cannot travel to another process; send the value it points to
#include <troupe/detail/codec.hpp>

void send(const char* text, troupe::detail::outgoing& out) { encode(text, out); }
