// must say: troupe: the elements of the range do not convert to what the function takes
#include <troupe/troupe.hpp>

#include <string>
#include <vector>

int square(int n) { return n * n; }

troupe::task<int> program() {
    troupe::pool crew;
    const std::vector<std::string> texts{"a"};
    auto results = crew.map<square>(texts);
    co_return 0;
}
