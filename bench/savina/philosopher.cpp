// Savina's dining philosophers: how long do 20 philosophers take to eat 10,000 times each, when an arbiter gives out
// the forks?
//
// A hungry philosopher asks the arbiter for both of its forks, at once again when it is refused, and gives them back
// when it has eaten. How often it is refused is up to the scheduler. The time is from the first philosopher's start
// until the last has told that it is done. Nobody may give back what it does not hold; at the end all forks must lie on
// the table, and each philosopher must have eaten, and been refused, as often as it says.

#include <troupe/troupe.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_meals = 10'000, philosophers = 20;
constexpr std::uint64_t messages_a_meal = 3, messages_a_refusal = 2;  // hungry, eat, done; hungry, refused

enum class answer : std::uint64_t { refused, eat };

struct hungry {
    using reply = answer;
    std::uint64_t who;
};
struct full {
    std::uint64_t who;
};
struct balance {
    std::uint64_t meals = 0, refusals = 0, wrong = 0, forks_held = 0;
};
struct inspect {
    using reply = balance;
};

troupe::task<> arbiter(troupe::mailbox<hungry, full, inspect> inbox) {
    constexpr std::uint64_t nobody = philosophers;
    std::array<std::uint64_t, philosophers> holders;
    holders.fill(nobody);
    balance so_far;
    co_await inbox.serve(
        [&](hungry m) {
            std::uint64_t& left = holders[m.who % philosophers];
            std::uint64_t& right = holders[(m.who + 1) % philosophers];
            if (left != nobody || right != nobody) {
                ++so_far.refusals;
                return answer::refused;
            }
            left = right = m.who;
            ++so_far.meals;
            return answer::eat;
        },
        [&](full m) {
            std::uint64_t& left = holders[m.who % philosophers];
            std::uint64_t& right = holders[(m.who + 1) % philosophers];
            if (left != m.who || right != m.who) ++so_far.wrong;
            left = right = nobody;
        },
        [&](inspect) {
            balance told = so_far;
            for (const std::uint64_t holder : holders)
                if (holder != nobody) ++told.forks_held;
            return told;
        });
}

struct begin {};
struct done {
    std::uint64_t meals = 0, refusals = 0;
};

troupe::task<> philosopher(troupe::mailbox<begin> inbox, troupe::actor<hungry, full> forks, troupe::actor<done> master,
                           std::uint64_t me, unsigned meals) {
    done mine;
    if (!co_await inbox.receive()) co_return;
    while (mine.meals < meals) {
        const answer given = co_await forks.ask(hungry{me});
        if (given == answer::eat) {
            ++mine.meals;
            co_await forks.send(full{me});
        } else {
            ++mine.refusals;
        }
    }
    co_await master.send(mine);
}

troupe::task<int> master(troupe::mailbox<done> inbox, bench::savina::wishes told) {
    const unsigned meals = scaled(published_meals, told);
    const auto forks = co_await troupe::spawn<arbiter>();
    std::vector<troupe::actor<begin>> crew;
    crew.reserve(philosophers);
    for (std::uint64_t i = 0; i < philosophers; ++i)
        crew.push_back(co_await troupe::spawn<philosopher>(forks, inbox.address(), i, meals));

    bool right = true;
    done all;
    const std::int64_t start = bench::now_ns();
    for (const auto& one : crew) co_await one.send(begin{});
    for (unsigned i = 0; i < philosophers; ++i) {
        const auto one = co_await inbox.receive();
        if (!one) co_return 1;
        right = right && one->meals == meals;
        all = {all.meals + one->meals, all.refusals + one->refusals};
    }
    const std::int64_t took = bench::now_ns() - start;

    const balance after = co_await forks.ask(inspect{});
    right = right && after.wrong == 0 && after.forks_held == 0 && after.meals == all.meals &&
            after.refusals == all.refusals;
    right = co_await bench::savina::dismiss(crew) && right;
    right = co_await bench::savina::dismiss(std::vector{forks}) && right;
    const std::uint64_t messages = messages_a_meal * all.meals + messages_a_refusal * all.refusals;
    co_return report("philosopher", told, took, messages, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long do 20 philosophers take to eat 10,000 times each?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
