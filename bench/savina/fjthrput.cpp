// Savina's fork-join, throughput: how long does it take one actor to send 10,000 messages to each of 60, which compute
// a sine for each?
//
// They are sent in turn, one to each. The time is from the first message until every actor has told that it handled all
// of its own. A mailbox is bounded, so that the sender waits for whoever is behind; Savina's are not.

#include <troupe/troupe.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_messages = 10'000, actors = 60;
constexpr double theta = 37.2;

struct compute {
    double angle;
};
struct how_many {
    using reply = std::uint64_t;
};

troupe::task<> worker(troupe::mailbox<compute, how_many> inbox) {
    std::uint64_t computed = 0;
    co_await inbox.serve(
        [&](compute m) {
            const double sine = std::sin(m.angle);
            if (sine * sine > 0) ++computed;
        },
        [&](how_many) { return computed; });
}

troupe::task<int> master(bench::savina::wishes told) {
    const unsigned messages = scaled(published_messages, told);
    std::vector<troupe::actor<compute, how_many>> crew;
    crew.reserve(actors);
    for (unsigned i = 0; i < actors; ++i) crew.push_back(co_await troupe::spawn<worker>());

    bool right = true;
    const std::int64_t start = bench::now_ns();
    for (unsigned i = 0; i < messages; ++i)
        for (const auto& one : crew) co_await one.send(compute{theta});
    for (const auto& one : crew) {
        const std::uint64_t computed = co_await one.ask(how_many{});
        right = right && computed == messages;
    }
    const std::int64_t took = bench::now_ns() - start;
    right = co_await bench::savina::dismiss(crew) && right;
    co_return report("fjthrput", told, took, std::uint64_t{messages} * actors, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long does it take to send 10,000 messages to each of 60 actors?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
