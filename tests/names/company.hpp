// Actors that have names, hear of topics and belong to groups.
#pragma once

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

namespace company {

using namespace std::chrono_literals;
using troupe::actor, troupe::mailbox, troupe::task;

struct item {
    int number = 0;
};
struct large {
    int number = 0;
    std::string bytes;
};
// What has come so far.
struct seen {
    using reply = std::vector<int>;
};
struct die {
    int signal = SIGKILL;
};
struct what_is_shared {
    troupe::queue<int> from;
    troupe::shared_array<int> numbers;
};

using reader_reference = actor<item, large, seen, die, what_is_shared>;

inline task<> reader(mailbox<item, large, seen, die, what_is_shared> inbox) {
    std::vector<int> numbers;
    co_await inbox.serve(
        [&](item m) { numbers.push_back(m.number); },
        [&](const large& m) { numbers.push_back(m.bytes == std::string(m.bytes.size(), 'x') ? m.number : -1); },
        [&](seen) { return numbers; }, [](die m) { std::raise(m.signal); },
        [&](const what_is_shared& m) -> task<> {
            const auto one = co_await m.from.get();
            numbers.push_back(*one + m.numbers[0]);
        });
}

// Reads nothing until it is told to.
inline task<> late_reader(mailbox<item, large, seen, die, what_is_shared> inbox, troupe::queue<int> go_on) {
    co_await go_on.get();
    co_await reader(std::move(inbox));
}

inline task<> end(actor<> one) {
    one.stop();
    co_await one.join();
}

// The sentence with which it is refused.
template <class Error, class Call>
std::string refusal(Call call) {
    try {
        call();
    } catch (const Error& refused) {
        return refused.what();
    }
    return "it was not refused";
}
template <class Error>
task<std::string> refused(task<> call) {
    try {
        co_await std::move(call);
    } catch (const Error& refusal) {
        co_return refusal.what();
    }
    co_return "it was not refused";
}

}  // namespace company
