// must say: troupe: a function that is mapped takes an argument
#include <troupe/troupe.hpp>

#include <vector>

int seven() { return 7; }

troupe::task<int> program() {
    troupe::pool crew;
    auto results = crew.map<seven>(std::vector{1});
    co_return 0;
}
