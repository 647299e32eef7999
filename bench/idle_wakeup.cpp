// How long does a small message take to another actor and back when both have idled before it, for 1 ms and for 100 ms?
//
// Nobody spins that long: the one that answers sleeps in its loop, and its CPU may sleep too. The one that asks has
// just been woken by its timer.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "message.hpp"
#include "placement.hpp"
#include "rally.hpp"

namespace {

using bench::placed;
using bench::placement;
using flat64 = bench::flat<64>;
using asked64 = bench::asked<64>;

constexpr const char* this_program = "idle_wakeup";

struct settings {
    placement where = placement::apart;
    std::chrono::milliseconds idle{1};
    double seconds = 1;
};

std::string name_of(const char* through, settings how) {
    return std::string(through) + " 64 B after " + std::to_string(how.idle.count()) + " ms idle";
}

flat64 message_of(std::uint64_t number) {
    flat64 message;
    message.write(number);
    return message;
}

bool answers(const flat64& message, std::uint64_t number) { return message.number() == number + 1 && message.whole(); }

troupe::task<> answer_pipe(troupe::connection<flat64, flat64> other, placement where) {
    const placed here(where, placed::side::second);
    while (const auto message = co_await other.receive())
        co_await other.send(message_of(message->number() + (message->whole() ? 1 : 0)));
}

troupe::task<bool> through_pipe(settings how) {
    auto [mine, yours] = troupe::pipe<flat64, flat64>();
    const auto peer = co_await troupe::spawn<answer_pipe>(std::move(yours), how.where);
    bench::rally rally(how.seconds);
    {
        const placed here(how.where, placed::side::first);
        while (rally.goes_on()) {
            co_await troupe::sleep_for(how.idle);
            rally.serves();
            co_await mine.send(message_of(rally.number()));
            const auto back = co_await mine.receive();
            rally.returned(back && answers(*back, rally.number()));
            if (!back) break;
        }
    }
    mine.close();
    co_await peer.join();
    co_return bench::print(rally.result(this_program, name_of("pipe", how)));
}

troupe::task<> answer_requests(troupe::mailbox<asked64> inbox, placement where) {
    const placed here(where, placed::side::second);
    co_await inbox.serve(
        [](asked64 message) { return message_of(message.question.number() + (message.question.whole() ? 1 : 0)); });
}

troupe::task<bool> through_ask(settings how) {
    const auto peer = co_await troupe::spawn<answer_requests>(how.where);
    bench::rally rally(how.seconds);
    {
        const placed here(how.where, placed::side::first);
        while (rally.goes_on()) {
            co_await troupe::sleep_for(how.idle);
            rally.serves();
            const flat64 back = co_await peer.ask(asked64{message_of(rally.number())});
            rally.returned(answers(back, rally.number()));
        }
    }
    peer.stop();
    co_await peer.join();
    co_return bench::print(rally.result(this_program, name_of("ask", how)));
}

troupe::task<int> program(std::vector<std::string> arguments) {
    constexpr int least_round_trips = 10;
    bench::wishes told{.seconds = 1};
    const auto code =
        bench::listen("How long does a small message take to another actor and back after both have idled?",
                      std::move(arguments), told);
    if (code) co_return *code;
    settings how;
    if (told.free || !possible(how.where)) how.where = placement::free;
    bool right = true;
    for (const int milliseconds : {1, 100}) {
        how.idle = std::chrono::milliseconds(milliseconds);
        how.seconds = std::max(told.seconds, least_round_trips * milliseconds / 1e3);
        right = co_await through_pipe(how) && right;
        right = co_await through_ask(how) && right;
    }
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
