// must say: troupe: what processes share consists of numbers alone
#include <troupe/shared_array.hpp>

#include <atomic>

void share() { const troupe::shared_array<std::atomic<int>> counts(3); }
