// must say: troupe: an argument does not convert to what the function takes
#include <troupe/troupe.hpp>

#include <string>

struct name {};
int length(std::string text) { return static_cast<int>(text.size()); }

troupe::task<int> program() {
    troupe::pool crew;
    co_return co_await crew.run<length>(name{});
}
