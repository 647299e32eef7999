// must say: troupe: an argument of a deferred call must be copyable
#include <troupe/troupe.hpp>

#include <utility>

void prepare(troupe::buffer) {}

troupe::task<int> program() {
    troupe::buffer bytes(10);
    troupe::pool crew({.prepare = troupe::deferred<prepare>(std::move(bytes))});
    co_return 0;
}
