// A get that is given up in the moment in which its process was woken for an item.
#include <csignal>

#include <chrono>
#include <string>

#include <troupe/detail/decoded.hpp>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "watched.hpp"

namespace {

using troupe::mailbox;
using troupe::queue;
using troupe::task;

struct enough {};

task<> give_up(mailbox<enough> inbox, queue<int> from, queue<std::string> told) {
    const auto first = co_await troupe::when_any(inbox.receive(), from.get());
    co_await told.put(first.index() == 0 ? "given up" : "taken by the first");
    co_await inbox.receive();  // it lives, and gets nothing more
}

task<> take_one(queue<int> from, queue<std::string> told) {
    const auto item = co_await from.get();
    co_await told.put(item == 7 ? "taken by the second" : "nothing came");
}

// Until the actor sleeps in a get of this queue.
task<> until_it_waits(queue<int> in, troupe::detail::actor_id actor) {
    auto& memory = troupe::channel::participant::here().memory();
    const auto message = troupe::detail::encoded(in);
    const troupe::shm::channel_id channel{message->handles.at(0).object};
    const auto ring = memory.channels().ring_of(memory.channel(channel.index()));
    while (!ring.waiting_readers().contains(actor.slot())) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

// Both are woken by the same ring: the first is stopped until its mailbox and the queue have something.
task<> woken_and_given_up() {
    queue<int> numbers;
    queue<std::string> told;
    const auto first = co_await troupe::spawn<give_up>(numbers, told);
    co_await until_it_waits(numbers, first.id());
    const auto second = co_await troupe::spawn<take_one>(numbers, told);
    co_await until_it_waits(numbers, second.id());
    ::kill(first.pid(), SIGSTOP);
    co_await first.send(enough{});
    co_await numbers.put(7);
    ::kill(first.pid(), SIGCONT);
    auto one = co_await told.get();
    if (one == "taken by the first") co_return;
    auto other = co_await told.get();
    if (other == "given up") std::swap(one, other);
    CHECK(one == "given up");
    CHECK(other == "taken by the second");
    first.stop();
    co_await first.join();
    co_await second.join();
}

}  // namespace

TEST_CASE("queue: an item is another reader's when the get that was woken for it is given up") {
    for (int round = 0; round < 5; ++round) watched(woken_and_given_up());
}
