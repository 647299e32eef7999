// How long does a small message take to another actor and back: through a pipe, between two mailboxes, and as a request
// with its reply; with both awake on different CPUs, both on one CPU, and left to the scheduler?

#include <troupe/troupe.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "message.hpp"
#include "placement.hpp"
#include "rally.hpp"

namespace {

using bench::asked;
using bench::flat;
using bench::placed;
using bench::placement;

constexpr const char* this_program = "ping_pong";

std::string name_of(const char* through, std::size_t bytes, placement where) {
    return std::string(through) + " " + std::to_string(bytes) + " B, " + text(where);
}

template <std::size_t Bytes>
flat<Bytes> message_of(std::uint64_t number) {
    flat<Bytes> message;
    message.write(number);
    return message;
}

template <std::size_t Bytes>
bool answers(const flat<Bytes>& message, std::uint64_t number) {
    return message.number() == number + 1 && message.whole();
}

template <std::size_t Bytes>
troupe::task<> answer_pipe(troupe::connection<flat<Bytes>, flat<Bytes>> other, placement where) {
    const placed here(where, placed::side::second);
    while (const auto message = co_await other.receive()) {
        if (!message->whole()) co_return;
        co_await other.send(message_of<Bytes>(message->number() + 1));
    }
}

template <std::size_t Bytes>
troupe::task<bool> through_pipe(placement where, double seconds) {
    auto [mine, yours] = troupe::pipe<flat<Bytes>, flat<Bytes>>();
    const auto peer = co_await troupe::spawn<&answer_pipe<Bytes>>(std::move(yours), where);
    bench::rally rally(seconds);
    {
        const placed here(where, placed::side::first);
        rally.faces(peer.pid());
        while (rally.goes_on()) {
            co_await mine.send(message_of<Bytes>(rally.number()));
            const auto back = co_await mine.receive();
            rally.returned(back && answers(*back, rally.number()));
            if (!back) break;
        }
    }
    mine.close();
    co_await peer.join();
    co_return bench::print(rally.result(this_program, name_of("pipe", Bytes, where), cpus_of(where)));
}

template <std::size_t Bytes>
troupe::task<> answer_mailbox(troupe::mailbox<flat<Bytes>> inbox, troupe::actor<flat<Bytes>> other, placement where) {
    const placed here(where, placed::side::second);
    while (const auto message = co_await inbox.receive()) {
        if (!message->whole()) co_return;
        co_await other.send(message_of<Bytes>(message->number() + 1));
    }
}

template <std::size_t Bytes>
troupe::task<int> play_mailbox(troupe::mailbox<flat<Bytes>> inbox, placement where, double seconds) {
    const auto peer = co_await troupe::spawn<&answer_mailbox<Bytes>>(inbox.address(), where);
    bench::rally rally(seconds);
    {
        const placed here(where, placed::side::first);
        rally.faces(peer.pid());
        while (rally.goes_on()) {
            co_await peer.send(message_of<Bytes>(rally.number()));
            const auto back = co_await inbox.receive();
            rally.returned(back && answers(*back, rally.number()));
            if (!back) break;
        }
    }
    peer.stop();
    co_await peer.join();
    co_return bench::print(rally.result(this_program, name_of("mailbox", Bytes, where), cpus_of(where))) ? 0 : 1;
}

// A program has no mailbox: an actor plays, while the program sleeps.
template <std::size_t Bytes>
troupe::task<bool> through_mailboxes(placement where, double seconds) {
    const auto player = co_await troupe::spawn<&play_mailbox<Bytes>>(where, seconds);
    const troupe::exit_status status = co_await player.join();
    co_return status.code() == 0;
}

template <std::size_t Bytes>
troupe::task<> answer_requests(troupe::mailbox<asked<Bytes>> inbox, placement where) {
    const placed here(where, placed::side::second);
    co_await inbox.serve([](asked<Bytes> message) {
        return message_of<Bytes>(message.question.number() + (message.question.whole() ? 1 : 0));
    });
}

template <std::size_t Bytes>
troupe::task<bool> through_ask(placement where, double seconds) {
    const auto peer = co_await troupe::spawn<&answer_requests<Bytes>>(where);
    bench::rally rally(seconds);
    {
        const placed here(where, placed::side::first);
        rally.faces(peer.pid());
        while (rally.goes_on()) {
            const flat<Bytes> back = co_await peer.ask(asked<Bytes>{message_of<Bytes>(rally.number())});
            rally.returned(answers(back, rally.number()));
        }
    }
    peer.stop();
    co_await peer.join();
    co_return bench::print(rally.result(this_program, name_of("ask", Bytes, where), cpus_of(where)));
}

template <std::size_t Bytes>
troupe::task<bool> of_size(placement where, bench::wishes told) {
    bool right = true;
    if (told.want(name_of("pipe", Bytes, where))) right = co_await through_pipe<Bytes>(where, told.seconds);
    if (told.want(name_of("mailbox", Bytes, where)))
        right = co_await through_mailboxes<Bytes>(where, told.seconds) && right;
    if (told.want(name_of("ask", Bytes, where))) right = co_await through_ask<Bytes>(where, told.seconds) && right;
    co_return right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.3, .filter = ""};
    const auto code =
        bench::listen("How long does a small message take to another actor and back?", std::move(arguments), told);
    if (code) co_return *code;

    bool right = true;
    for (const placement where : bench::placements) {
        if (!possible(where)) continue;
        right = co_await of_size<40>(where, told) && right;
        right = co_await of_size<64>(where, told) && right;
    }
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
