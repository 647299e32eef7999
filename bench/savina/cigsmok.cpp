// Savina's cigarette smokers: how long do 1,000 rounds take in which an arbiter lets one of 200 smokers smoke?
//
// The arbiter chooses a smoker at random and tells it for how long: for 10 to 1,009 random numbers drawn. The smoker
// says that it has started, and then smokes, while the arbiter chooses the next. The time is from the first choice to
// the last start. Each smoker must have smoked as often, and as long, as it was told to.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_rounds = 1'000, smokers = 200;
constexpr std::uint64_t shortest = 10, longest = 1'009;

struct smoke {
    std::uint64_t numbers;
};
struct started {
    std::uint64_t who;
};
struct habit {
    std::uint64_t times = 0, numbers = 0;
    std::uint64_t ash = 0;  // of the numbers drawn
};
struct confess {
    using reply = habit;
};

// Both sides draw the same numbers: the smoker's are checked.
std::uint64_t burn(std::mt19937& random, std::uint64_t numbers) {
    std::uint64_t ash = 0;
    for (std::uint64_t i = 0; i < numbers; ++i) ash += random();
    return ash;
}

troupe::task<> smoker(troupe::mailbox<smoke, confess> inbox, troupe::actor<started> arbiter, std::uint64_t me) {
    std::mt19937 random(static_cast<unsigned>(me));
    habit mine;
    co_await inbox.serve(
        [&](smoke m) -> troupe::task<> {
            co_await arbiter.send(started{me});
            mine.ash += burn(random, m.numbers);
            mine.numbers += m.numbers;
            ++mine.times;
        },
        [&](confess) { return mine; });
}

troupe::task<int> master(troupe::mailbox<started> inbox, bench::savina::wishes told) {
    const unsigned rounds = scaled(published_rounds, told);
    std::vector<troupe::actor<smoke, confess>> crew;
    crew.reserve(smokers);
    for (std::uint64_t i = 0; i < smokers; ++i) crew.push_back(co_await troupe::spawn<smoker>(inbox.address(), i));

    std::mt19937 random(rounds * smokers);
    std::vector<habit> allowed(smokers);
    bool right = true;
    for (const auto& one : crew) {  // so that none meets its memory for the first time when it is told to smoke
        const habit its = co_await one.ask(confess{});
        right = right && its.times == 0;
    }
    const std::int64_t start = bench::now_ns();
    for (unsigned i = 0; i < rounds; ++i) {
        const std::uint64_t who = random() % smokers;
        const std::uint64_t numbers = shortest + random() % (longest - shortest + 1);
        co_await crew[who].send(smoke{numbers});
        ++allowed[who].times;
        allowed[who].numbers += numbers;
        const auto one = co_await inbox.receive();
        if (!one) co_return 1;
        right = right && one->who == who;
    }
    const std::int64_t took = bench::now_ns() - start;

    for (std::uint64_t i = 0; i < smokers; ++i) {
        const habit its = co_await crew[i].ask(confess{});
        std::mt19937 its_random(static_cast<unsigned>(i));
        right = right && its.times == allowed[i].times && its.numbers == allowed[i].numbers &&
                its.ash == burn(its_random, its.numbers);
    }
    right = co_await bench::savina::dismiss(crew) && right;
    co_return report("cigsmok", told, took, std::uint64_t{2} * rounds, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long do 1,000 rounds take in which one of 200 smokers smokes?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
