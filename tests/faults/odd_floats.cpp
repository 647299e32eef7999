// floating types of other widths
#include <cstdio>
#include <string>
#include <troupe/troupe.hpp>
#if KIND == 0
using real = __float128;
#elif KIND == 1
using real = _Float16;
#elif KIND == 2
using real = __bf16;
#elif KIND == 3
using real = long double;
#elif KIND == 4
using real = __int128;
#endif
struct flat {
    real a, b;
};
struct mixed {
    real a;
    std::string s;
    real b;
};
static_assert(std::is_floating_point_v<real> || true);
troupe::task<int> program() {
    std::printf("KIND %d is_floating_point %d size %zu\n", KIND, (int)std::is_floating_point_v<real>, sizeof(real));
    troupe::queue<flat> q;
    troupe::queue<mixed> p;
    const real x = (real)1.0f / (real)3.0f, y = (real)-7.25f;
    co_await q.put(flat{x, y});
    auto f = co_await q.get();
    std::printf("flat  %d %d\n", f->a == x, f->b == y);
    co_await p.put(mixed{x, "text", y});
    auto m = co_await p.get();
    std::printf("mixed %d %d '%s'\n", m->a == x, m->b == y, m->s.c_str());
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
