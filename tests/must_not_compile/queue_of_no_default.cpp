// must say: troupe: a type without a default constructor cannot travel
#include <troupe/troupe.hpp>

class job {
public:
    explicit job(int number) : number_(number) {}
    int number() const { return number_; }

private:
    int number_;
};
struct work {
    job one;
};

troupe::task<int> program() {
    troupe::queue<work> jobs;
    const auto got = co_await jobs.get();
    co_await jobs.put(work{job(1)});
    co_return got->one.number();
}
