// How many messages, and bytes, go one way in a second: 64 B through a pipe, a mailbox and a queue; a letter of a text,
// an int and a double; 64 KiB and 1 MiB?

#include <troupe/troupe.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "message.hpp"
#include "placement.hpp"
#include "reception.hpp"

namespace {

using bench::letter;
using bench::parcel;
using bench::placed;
using bench::placement;
using bench::reading;
using flat64 = bench::flat<64>;
using results = troupe::queue<reading>;

struct settings {
    placement where = placement::apart;
    double seconds = 0.5;
};

// What is measured: the figure's name, and the bytes of a message where bytes are counted, or 0.
struct subject {
    std::string name;
    std::size_t bytes = 0;
};

// Sends until the time is over; gives how many. `send` is kept by the caller.
template <class M, class Send>
troupe::task<std::uint64_t> send_all(M message, double seconds, const Send& send) {
    constexpr std::uint64_t sent_a_clock_reading = 64;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < sent_a_clock_reading; ++i) {
            message.write(number++);
            co_await send(message);
        }
    } while (bench::now_ns() < end);
    co_return number;
}

bool report(const subject& what, const settings& how, const reading& seen, std::uint64_t sent) {
    const double rate = seen.per_second();
    return bench::print({.program = "stream",
                         .name = what.name + ", " + text(how.where),
                         .unit = what.bytes > 0 ? "GB/s" : "M/s",
                         .value = what.bytes > 0 ? rate * static_cast<double>(what.bytes) / 1e9 : rate / 1e6,
                         .count = seen.count,
                         .errors = seen.errors_of(sent)});
}

template <class M>
troupe::task<> read_pipe(troupe::connection<M, M> from, results into, placement where) {
    const placed here(where, placed::side::second);
    bench::reception seen;
    while (const auto message = co_await from.receive()) seen.take(*message);
    co_await into.put(seen.ended());
}

template <class M>
troupe::task<bool> through_pipe(subject what, settings how, M message) {
    results seen;
    auto [mine, yours] = troupe::pipe<M, M>();
    const auto reader = co_await troupe::spawn<&read_pipe<M>>(std::move(yours), seen, how.where);
    const placed here(how.where, placed::side::first);
    const auto send = [&to = mine](const M& one) { return to.send(one); };
    const std::uint64_t sent = co_await send_all(std::move(message), how.seconds, send);
    mine.close();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

template <class M>
troupe::task<> read_mailbox(troupe::mailbox<M> from, results into, placement where) {
    const placed here(where, placed::side::second);
    bench::reception seen;
    while (const auto message = co_await from.receive()) seen.take(*message);
    co_await into.put(seen.ended());
}

template <class M>
troupe::task<bool> through_mailbox(subject what, settings how, M message) {
    results seen;
    const auto reader = co_await troupe::spawn<&read_mailbox<M>>(seen, how.where);
    const placed here(how.where, placed::side::first);
    const auto send = [&reader](const M& one) { return reader.send(one); };
    const std::uint64_t sent = co_await send_all(std::move(message), how.seconds, send);
    reader.stop();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

template <class M>
troupe::task<> read_queue(troupe::queue<M> from, results into, placement where) {
    const placed here(where, placed::side::second);
    bench::reception seen;
    while (const auto message = co_await from.get()) seen.take(*message);
    co_await into.put(seen.ended());
}

template <class M>
troupe::task<bool> through_queue(subject what, settings how, M message) {
    results seen;
    troupe::queue<M> items;
    const auto reader = co_await troupe::spawn<&read_queue<M>>(items, seen, how.where);
    const placed here(how.where, placed::side::first);
    const auto put = [&items](const M& one) { return items.put(one); };
    const std::uint64_t sent = co_await send_all(std::move(message), how.seconds, put);
    items.close();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

troupe::task<bool> measure(settings how) {
    constexpr std::size_t kib = 1024;
    bool right = co_await through_pipe({"pipe 64 B"}, how, flat64{});
    right = co_await through_mailbox({"mailbox 64 B"}, how, flat64{}) && right;
    right = co_await through_queue({"queue 64 B"}, how, flat64{}) && right;
    right = co_await through_pipe({"pipe letter"}, how, letter::make()) && right;
    right = co_await through_mailbox({"mailbox letter"}, how, letter::make()) && right;
    right = co_await through_pipe({"pipe 64 KiB", 64 * kib}, how, parcel::make(64 * kib)) && right;
    right = co_await through_mailbox({"mailbox 64 KiB", 64 * kib}, how, parcel::make(64 * kib)) && right;
    right = co_await through_pipe({"pipe 1 MiB", kib * kib}, how, parcel::make(kib * kib)) && right;
    right = co_await through_mailbox({"mailbox 1 MiB", kib * kib}, how, parcel::make(kib * kib)) && right;
    co_return right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code =
        bench::listen("How many messages, and bytes, go one way in a second?", std::move(arguments), told);
    if (code) co_return *code;
    settings how{.seconds = told.seconds};
    if (told.free || !possible(how.where)) how.where = placement::free;
    co_return co_await measure(how) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
