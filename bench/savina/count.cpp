// Savina's counting: how long does it take one actor to send another 1,000,000 messages that it counts, and to ask for
// the count?
//
// The time is from the first message to the reply, which must be the number of messages sent.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_messages = 1'000'000;

struct increment {};
struct retrieve {
    using reply = std::uint64_t;
};

troupe::task<> counter(troupe::mailbox<increment, retrieve> inbox) {
    std::uint64_t count = 0;
    co_await inbox.serve([&](increment) { ++count; }, [&](retrieve) { return count; });
}

// Savina's producer.
troupe::task<int> master(bench::savina::wishes told) {
    const unsigned messages = scaled(published_messages, told);
    const auto other = co_await troupe::spawn<counter>();
    const std::int64_t start = bench::now_ns();
    for (unsigned i = 0; i < messages; ++i) co_await other.send(increment{});
    const std::uint64_t count = co_await other.ask(retrieve{});
    const std::int64_t took = bench::now_ns() - start;
    const bool ended = co_await bench::savina::dismiss(std::vector{other});
    co_return report("count", told, took, messages, ended && count == messages) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long does it take to send 1,000,000 messages to an actor that counts them?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
