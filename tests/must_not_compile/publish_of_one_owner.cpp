// must say: troupe: this message holds a buffer, a connection or another thing with one owner, and cannot go to many
#include <troupe/troupe.hpp>

#include <vector>

struct pages {
    std::vector<troupe::buffer> all;
};

troupe::task<int> program() {
    const troupe::topic<pages> news("news");
    co_await news.publish({});
    co_return 0;
}
