// must say: troupe: an argument of a supervised actor cannot hold a descriptor
#include <troupe/troupe.hpp>

#include <vector>

void serve(std::vector<troupe::descriptor>) {}

troupe::task<int> program() {
    troupe::supervisor team;
    co_await team.spawn<serve>(std::vector<troupe::descriptor>());
    co_return 0;
}
