// must say: troupe: what processes share is a plain type
#include <troupe/shared_array.hpp>

void share() { const troupe::shared_array<const int> all(3); }
