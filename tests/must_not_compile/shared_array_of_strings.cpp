// must say: troupe: what processes share consists of numbers alone
#include <troupe/shared_array.hpp>

#include <string>

void share() { const troupe::shared_array<std::string> names(3); }
