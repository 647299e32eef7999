// An actor under a name: others find it by that, whichever of them is there first. A name belongs to one actor at a
// time, and is free again when that has ended.
#include <troupe/troupe.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

struct add {
    using reply = long;
    long n;
};

troupe::task<> counter(troupe::mailbox<add> inbox) {
    long total = 0;
    co_await troupe::claim_name("counter", inbox.address());
    co_await inbox.serve([&](add m) { return total += m.n; });
}

troupe::task<> client(long n) {
    auto counter = co_await troupe::with_timeout(5s, troupe::await_name<add>("counter"));  // until somebody has claimed it
    for (long i = 0; i < n; ++i) co_await counter.ask(add{1}, 5s);
}

troupe::task<int> program() {
    auto early = co_await troupe::spawn<client>(500);  // before there is a counter
    auto one = co_await troupe::spawn<counter>();
    auto late = co_await troupe::spawn<client>(500);
    co_await troupe::when_all(early.join(), late.join());

    auto found = co_await troupe::find_name<add>("counter");
    std::printf("found the same actor: %s\n", found == one ? "yes" : "no");
    const long total = co_await found->ask(add{0}, 5s);
    std::printf("counted to %ld\n", total);

    auto another = co_await troupe::spawn<counter>();
    const auto end = co_await another.join();
    std::printf("the other one %s\n", to_string(end).c_str());

    one.stop();
    co_await one.join();
    const auto nobody = co_await troupe::find_name<add>("counter");
    std::printf("the name is free: %s\n", nobody ? "no" : "yes");
    co_return 0;
}

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
