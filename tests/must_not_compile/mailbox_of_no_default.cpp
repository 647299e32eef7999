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

troupe::task<> worker(troupe::mailbox<work> inbox) {
    co_await inbox.serve([](work) {});
}
troupe::task<int> program() {
    const auto one = co_await troupe::spawn<worker>();
    co_await one.send(work{job(1)});
    co_return 0;
}
