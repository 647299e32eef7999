// How long does a request take that comes at a time of its own, whatever became of those before it: at 10, 25, 50, 75
// and 90 % of the rate at which the actor can answer at most?
//
// The capacity is measured first, with many requests under way. Then each request has an intended time, and its
// latency counts from there: one that is sent late, because the sender was held up, has waited as well. A sender that
// waited for each reply before the next request would leave those out, and be kind to a slow actor.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "message.hpp"
#include "placement.hpp"

namespace {

using bench::placed;
using bench::placement;
using flat64 = bench::flat<64>;
using asked64 = bench::asked<64>;

constexpr const char* this_program = "open_loop";

struct outcome {
    bench::samples all;
    std::size_t errors = 0;
};

flat64 message_of(std::uint64_t number) {
    flat64 message;
    message.write(number);
    return message;
}

troupe::task<> answer(troupe::mailbox<asked64> inbox, placement where) {
    const placed here(where, placed::side::second);
    co_await inbox.serve(
        [](asked64 message) { return message_of(message.question.number() + (message.question.whole() ? 1 : 0)); });
}

// `into` is kept by who awaits.
troupe::task<> request(troupe::actor<asked64> to, std::uint64_t number, std::int64_t intended, outcome* into) {
    const flat64 back = co_await to.ask(asked64{message_of(number)});
    into->all.add(bench::now_ns() - intended);
    if (back.number() != number + 1 || !back.whole()) ++into->errors;
}

troupe::task<> requests_until(troupe::actor<asked64> to, std::int64_t end, outcome* into) {
    for (std::uint64_t number = 0; bench::now_ns() < end; ++number) co_await request(to, number, bench::now_ns(), into);
}

// Requests a second.
troupe::task<double> capacity(troupe::actor<asked64> to, double seconds, outcome* into) {
    constexpr std::size_t under_way = 256;
    const std::int64_t start = bench::now_ns();
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e9);
    std::vector<troupe::task<>> all;
    all.reserve(under_way);
    for (std::size_t i = 0; i < under_way; ++i) all.push_back(requests_until(to, end, into));
    co_await troupe::when_all(std::move(all));
    co_return static_cast<double>(into->all.count()) * 1e9 / static_cast<double>(bench::now_ns() - start);
}

struct schedule {
    double rate;  // requests a second
    std::uint64_t count;
};

// The sender spins between two intended times: a timer would be late by more than what is measured.
troupe::task<> start_at(troupe::task_group* group, troupe::actor<asked64> to, schedule when, outcome* into) {
    constexpr std::uint64_t most_at_once = 64;  // then the replies have their turn, however late it is
    const std::int64_t start = bench::now_ns();
    for (std::uint64_t number = 0; number < when.count; ++number) {
        const auto offset = static_cast<std::int64_t>(static_cast<double>(number) * 1e9 / when.rate);
        if (number % most_at_once == 0) co_await troupe::yield();
        while (bench::now_ns() < start + offset) co_await troupe::yield();
        group->start(request(to, number, start + offset, into));
    }
}

troupe::task<> requests_at(troupe::actor<asked64> to, schedule when, outcome* into) {
    return troupe::task_group::run([=](troupe::task_group& group) { return start_at(&group, to, when, into); });
}

troupe::task<bool> measure(placement where, double seconds) {
    const auto to = co_await troupe::spawn<answer>(where);
    const placed here(where, placed::side::first);
    outcome closed;
    const double most = co_await capacity(to, seconds, &closed);
    bool right = bench::print({.program = this_program,
                               .name = "capacity",
                               .unit = "M/s",
                               .value = most / 1e6,
                               .count = closed.all.count(),
                               .errors = closed.errors});
    for (const int percent : {10, 25, 50, 75, 90}) {
        const double rate = std::max(1.0, most * percent / 100);
        const auto count = static_cast<std::uint64_t>(std::max(1.0, rate * seconds));
        outcome open;
        co_await requests_at(to, {rate, count}, &open);
        open.errors += count - open.all.count();
        const std::string name = "ask at " + std::to_string(percent) + " % of capacity";
        right = bench::print(timed(this_program, name, "us", 1e3, open.all, open.errors)) && right;
    }
    to.stop();
    co_await to.join();
    co_return right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 1};
    const auto code =
        bench::listen("How long does a request take that comes at a time of its own?", std::move(arguments), told);
    if (code) co_return *code;
    placement where = placement::apart;
    if (told.free || !possible(where)) where = placement::free;
    co_return co_await measure(where, told.seconds) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
