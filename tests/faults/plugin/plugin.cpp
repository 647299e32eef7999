// plugin with an actor
#include <cstdio>
#include <troupe/troupe.hpp>
static int job(int x) { return x + 1; }
extern "C" troupe::task<int> start_job(int x) {
    auto c = co_await troupe::spawn<job>({.method = troupe::start_method::fork}, x);
    co_return (co_await c.join()).code();
}
