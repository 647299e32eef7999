// must say: troupe: a type without a default constructor cannot travel
#include <troupe/troupe.hpp>

struct job {
    const int& number;
};
struct named {
    struct part {
        explicit part(int);
    };
    part one;
};
void show(named) {}

troupe::task<int> program() {
    co_await troupe::spawn<show>(named{named::part(1)});
    co_return 0;
}
