// must say: troupe: a task is awaited once, as an rvalue: co_await std::move(kept)
#include <troupe/troupe.hpp>

troupe::task<int> compute() { co_return 1; }

troupe::task<int> program() {
    troupe::task<int> kept = compute();
    co_await troupe::when_all(kept);
    co_return 0;
}
