// must say: troupe: what processes share consists of numbers alone
#include <troupe/shared_array.hpp>

void share() { const troupe::shared_array<int*> places(3); }
