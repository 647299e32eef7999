// must say: troupe: what processes share consists of numbers alone
#include <troupe/shared.hpp>

struct entry {
    int number;
    const char* name;
};

void share() { const troupe::shared<entry> one; }
