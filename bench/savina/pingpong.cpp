// Savina's pingpong: how long do 40,000 round trips of a small message between two actors take?
//
// The time is from the first ping to the last pong. Each pong must carry the number of the ping before it.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_pings = 40'000;

struct pong {
    std::uint64_t number;
};
struct ping {
    std::uint64_t number;
    troupe::actor<pong> from;
};

troupe::task<> answer(troupe::mailbox<ping> inbox) {
    co_await inbox.serve([](ping m) -> troupe::task<> { co_await m.from.send(pong{m.number}); });
}

troupe::task<int> master(troupe::mailbox<pong> inbox, bench::savina::wishes told) {
    const unsigned pings = scaled(published_pings, told);
    const auto other = co_await troupe::spawn<answer>();
    bool right = true;
    const std::int64_t start = bench::now_ns();
    for (std::uint64_t number = 0; number < pings; ++number) {
        co_await other.send(ping{number, inbox.address()});
        const auto back = co_await inbox.receive();
        if (!back) co_return 1;
        right = right && back->number == number;
    }
    const std::int64_t took = bench::now_ns() - start;
    right = co_await bench::savina::dismiss(std::vector{other}) && right;
    co_return report("pingpong", told, took, std::uint64_t{2} * pings, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long do 40,000 round trips between two actors take?", std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
