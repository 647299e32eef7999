// must say: troupe: an aggregate of more than 64 fields cannot travel
#include <troupe/detail/codec.hpp>

struct message {
    int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, aa, ab, ac, ad, ae, af;
    int b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, ba, bb, bc, bd, be, bf;
    int c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, ca, cb, cc, cd, ce, cf;
    int d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, da, db, dc, dd, de, df;
    std::string one_more;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
