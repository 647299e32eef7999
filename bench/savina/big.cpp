// Savina's big: how long does it take 120 actors to ping each other, every time one chosen at random?
//
// An actor waits for the pong before its next ping, and answers the pings of others meanwhile. The time is from the
// first start until the last actor has told that it is done. Each pong must come from the actor that was pinged, and as
// many pings must have been answered as were sent.
//
// The published number is 20,000 pings. Runs scaled by 50, with 400: nearly every message wakes a process.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_pings = 20'000, usual_scale = 50, actors = 120;

struct ping {
    std::uint64_t from;  // its place among the neighbours
};
struct pong {
    std::uint64_t from;
};
using player = troupe::actor<ping, pong>;
struct neighbours {
    std::vector<player> all;
};
struct begin {};
struct done {
    std::uint64_t wrong;
};
struct answered {
    using reply = std::uint64_t;
};

troupe::task<> play(troupe::mailbox<neighbours, begin, ping, pong, answered> inbox, troupe::actor<done> sink,
                    std::uint64_t me, unsigned pings) {
    std::vector<player> others;
    std::mt19937 random(static_cast<unsigned>(me));
    std::uint64_t expected = 0, wrong = 0, answers = 0;
    unsigned left = pings;
    const auto send_next = [&]() -> troupe::task<> {
        --left;
        expected = random() % others.size();
        co_await others[expected].send(ping{me});
    };
    co_await inbox.serve([&](neighbours m) { others = std::move(m.all); },
                         [&](begin) -> troupe::task<> { co_await send_next(); },
                         [&](ping m) -> troupe::task<> {
                             ++answers;
                             co_await others[m.from % others.size()].send(pong{me});
                         },
                         [&](pong m) -> troupe::task<> {
                             if (m.from != expected) ++wrong;
                             if (left > 0) {
                                 co_await send_next();
                             } else {
                                 co_await sink.send(done{wrong});
                             }
                         },
                         [&](answered) { return answers; });
}

troupe::task<int> master(troupe::mailbox<done> inbox, bench::savina::wishes told) {
    const unsigned pings = scaled(published_pings, told);
    std::vector<troupe::actor<neighbours, begin, ping, pong, answered>> crew;
    crew.reserve(actors);
    for (std::uint64_t i = 0; i < actors; ++i) crew.push_back(co_await troupe::spawn<play>(inbox.address(), i, pings));
    const neighbours everybody{{crew.begin(), crew.end()}};
    for (const auto& one : crew) co_await one.send(everybody);

    bool right = true;
    const std::int64_t start = bench::now_ns();
    for (const auto& one : crew) co_await one.send(begin{});
    for (unsigned i = 0; i < actors; ++i) {
        const auto one = co_await inbox.receive();
        right = right && one && one->wrong == 0;
    }
    const std::int64_t took = bench::now_ns() - start;

    std::uint64_t answers = 0;
    for (const auto& one : crew) answers += co_await one.ask(answered{});
    right = co_await bench::savina::dismiss(crew) && right;
    const std::uint64_t sent = std::uint64_t{actors} * pings;
    co_return report("big", told, took, 2 * sent, right && answers == sent) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long does it take 120 actors to ping each other?", std::move(arguments),
                                       {.scale = usual_scale});
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
