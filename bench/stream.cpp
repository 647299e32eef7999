// How many messages, and bytes, go one way in a second through a pipe and a mailbox, by size: flat ones of 8 B to 4
// KiB; a letter of a text, an int and a double; large ones of 64 KiB to 64 MiB, copied or in a buffer? 64 B through a
// queue, or to an actor that serves? And flat ones and letters 64 at a time, by send_many and receive_many?
//
// Of the large ones as many are on their way as the library allows, 64 MiB. The first of them touch that memory for the
// first time, which costs more than the copy: they are sent and checked, and not timed.

#include <troupe/troupe.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "cpu_time.hpp"
#include "figure.hpp"
#include "lent.hpp"
#include "message.hpp"
#include "placement.hpp"
#include "reception.hpp"

namespace {

using bench::letter;
using bench::parcel;
using bench::placed;
using bench::placement;
using bench::reading;
using results = troupe::queue<reading>;

struct settings {
    placement where = placement::apart;
    bench::wishes told = {};
};

// What is measured: the figure's name, and the bytes of a message where bytes are counted, or 0.
struct subject {
    std::string name;
    std::size_t bytes = 0;

    // Twice what can be on its way: freed memory comes back in batches.
    std::uint64_t warming_up() const noexcept { return bytes > 0 ? 1 + (std::size_t{128} << 20) / bytes : 1; }
};

// What the sending side has done.
struct sending {
    std::uint64_t count = 0;
    std::int64_t cpu_ns = 0;  // that its process used since all was warm
};

// Sends until the time is over, which begins when all is warm.
template <class M, class Send>
troupe::task<sending> send_all(M message, subject what, double seconds, Send send) {
    constexpr std::uint64_t fewest_timed = 4;
    const std::uint64_t sent_a_clock_reading = what.bytes > 0 ? 1 : 64;
    const std::uint64_t fewest = what.warming_up() + fewest_timed;
    std::int64_t end = 0, cpu = 0;
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < sent_a_clock_reading; ++i) {
            message.write(number++);
            co_await send(message);
        }
        if (end == 0 && number >= what.warming_up()) {
            cpu = bench::own_cpu_ns();
            end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
        }
    } while (number < fewest || bench::now_ns() < end);
    co_return sending{number, bench::own_cpu_ns() - cpu};
}

std::string name_of(const subject& what, const settings& how) { return what.name + ", " + text(how.where); }

bool is_wanted(const subject& what, const settings& how) { return how.told.want(name_of(what, how)); }

bool report(const subject& what, const settings& how, const reading& seen, sending sent) {
    const double rate = seen.per_second(), cpu_ns = static_cast<double>(sent.cpu_ns + seen.cpu_ns);
    return bench::print({.program = "stream",
                         .name = name_of(what, how),
                         .unit = what.bytes > 0 ? "GB/s" : "M/s",
                         .value = what.bytes > 0 ? rate * static_cast<double>(what.bytes) / 1e9 : rate / 1e6,
                         .cpu_us = seen.timed > 0 ? cpu_ns / 1e3 / static_cast<double>(seen.timed) : 0,
                         .count = seen.count,
                         .errors = seen.errors_of(sent.count)});
}

template <class M>
troupe::task<> read_pipe(troupe::connection<M, M> from, results into, placement where, std::uint64_t warming_up) {
    const placed here(where, placed::side::second);
    bench::reception seen(warming_up);
    while (const auto message = co_await from.receive()) seen.take(*message);
    co_await into.put(seen.ended());
}

template <class M>
troupe::task<bool> through_pipe(subject what, settings how, M message) {
    if (!is_wanted(what, how)) co_return true;
    results seen;
    auto [mine, yours] = troupe::pipe<M, M>();
    const auto reader = co_await troupe::spawn<&read_pipe<M>>(std::move(yours), seen, how.where, what.warming_up());
    const placed here(how.where, placed::side::first);
    const auto send = [&to = mine](const M& one) { return to.send(one); };
    const sending sent = co_await send_all(std::move(message), what, how.told.seconds, send);
    mine.close();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

template <class M>
troupe::task<> read_mailbox(troupe::mailbox<M> from, results into, placement where, std::uint64_t warming_up) {
    const placed here(where, placed::side::second);
    bench::reception seen(warming_up);
    while (const auto message = co_await from.receive()) seen.take(*message);
    co_await into.put(seen.ended());
}

template <class M>
troupe::task<> serve_mailbox(troupe::mailbox<M> from, results into, placement where, std::uint64_t warming_up) {
    const placed here(where, placed::side::second);
    bench::reception seen(warming_up);
    co_await from.serve([&seen](const M& message) { seen.take(message); });
    co_await into.put(seen.ended());
}

template <class M, auto Read = &read_mailbox<M>>
troupe::task<bool> through_mailbox(subject what, settings how, M message) {
    if (!is_wanted(what, how)) co_return true;
    results seen;
    const auto reader = co_await troupe::spawn<Read>(seen, how.where, what.warming_up());
    const placed here(how.where, placed::side::first);
    const auto send = [&reader](const M& one) { return reader.send(one); };
    const sending sent = co_await send_all(std::move(message), what, how.told.seconds, send);
    reader.stop();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

constexpr std::size_t at_a_time = 64;

// The same, so many with one call.
template <class M, class Send>
troupe::task<sending> send_all_in_batches(std::vector<M> messages, double seconds, Send send) {
    std::uint64_t number = 0;
    const std::int64_t cpu = bench::own_cpu_ns();
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        for (M& one : messages) one.write(number++);
        co_await send(messages);
    } while (bench::now_ns() < end);
    co_return sending{number, bench::own_cpu_ns() - cpu};
}

template <class From>
troupe::task<> read_in_batches(From from, results into, placement where) {
    const placed here(where, placed::side::second);
    bench::reception seen;
    for (;;) {
        const auto some = co_await from.receive_many();
        if (some.empty()) break;
        for (const auto& one : some) seen.take(one);
    }
    co_await into.put(seen.ended());
}

template <class M>
troupe::task<bool> through_pipe_in_batches(subject what, settings how, M message) {
    if (!is_wanted(what, how)) co_return true;
    results seen;
    auto [mine, yours] = troupe::pipe<M, M>();
    const auto reader =
        co_await troupe::spawn<&read_in_batches<troupe::connection<M, M>>>(std::move(yours), seen, how.where);
    const placed here(how.where, placed::side::first);
    const auto send = [&to = mine](const std::vector<M>& some) { return to.send_many(some); };
    const sending sent = co_await send_all_in_batches(std::vector(at_a_time, message), how.told.seconds, send);
    mine.close();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

template <class M>
troupe::task<bool> through_mailbox_in_batches(subject what, settings how, M message) {
    if (!is_wanted(what, how)) co_return true;
    results seen;
    const auto reader = co_await troupe::spawn<&read_in_batches<troupe::mailbox<M>>>(seen, how.where);
    const placed here(how.where, placed::side::first);
    const auto send = [&reader](const std::vector<M>& some) { return reader.send_many(some); };
    const sending sent = co_await send_all_in_batches(std::vector(at_a_time, message), how.told.seconds, send);
    reader.stop();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

template <class M>
troupe::task<> read_queue(troupe::queue<M> from, results into, placement where, std::uint64_t warming_up) {
    const placed here(where, placed::side::second);
    bench::reception seen(warming_up);
    while (const auto message = co_await from.get()) seen.take(*message);
    co_await into.put(seen.ended());
}

template <class M>
troupe::task<bool> through_queue(subject what, settings how, M message) {
    if (!is_wanted(what, how)) co_return true;
    results seen;
    troupe::queue<M> items;
    const auto reader = co_await troupe::spawn<&read_queue<M>>(items, seen, how.where, what.warming_up());
    const placed here(how.where, placed::side::first);
    const auto put = [&items](const M& one) { return items.put(one); };
    const sending sent = co_await send_all(std::move(message), what, how.told.seconds, put);
    items.close();
    co_await reader.join();
    co_return report(what, how, seen.try_get().value_or(reading{}), sent);
}

template <std::size_t Bytes>
troupe::task<bool> flat(const char* size, settings how) {
    const bool right = co_await through_pipe({std::string("pipe ") + size}, how, bench::flat<Bytes>{});
    co_return co_await through_mailbox({std::string("mailbox ") + size}, how, bench::flat<Bytes>{}) && right;
}

// A message is made only where it is wanted: it may be large.
troupe::task<bool> large(const char* size, std::size_t bytes, settings how) {
    const subject pipe{std::string("pipe ") + size, bytes}, mailbox{std::string("mailbox ") + size, bytes},
        buffer{std::string("buffer ") + size, bytes};
    bool right = true;
    if (is_wanted(pipe, how)) right = co_await through_pipe(pipe, how, parcel::make(bytes));
    if (is_wanted(mailbox, how)) right = co_await through_mailbox(mailbox, how, parcel::make(bytes)) && right;
    if (is_wanted(buffer, how)) right = co_await through_mailbox(buffer, how, bench::lent::make(bytes)) && right;
    co_return right;
}

troupe::task<bool> measure(settings how) {
    constexpr std::size_t kib = 1024, mib = kib * kib;
    bool right = co_await flat<8>("8 B", how);
    right = co_await flat<64>("64 B", how) && right;
    right = co_await flat<256>("256 B", how) && right;
    right = co_await flat<kib>("1 KiB", how) && right;
    right = co_await flat<4 * kib>("4 KiB", how) && right;
    right = co_await through_mailbox<bench::flat<64>, &serve_mailbox<bench::flat<64>>>({"mailbox 64 B, served"}, how,
                                                                                       bench::flat<64>{}) &&
            right;
    right = co_await through_queue({"queue 64 B"}, how, bench::flat<64>{}) && right;
    right = co_await through_pipe({"pipe letter"}, how, letter::make()) && right;
    right = co_await through_mailbox({"mailbox letter"}, how, letter::make()) && right;
    right = co_await through_pipe_in_batches({"pipe 64 B, many"}, how, bench::flat<64>{}) && right;
    right = co_await through_mailbox_in_batches({"mailbox 64 B, many"}, how, bench::flat<64>{}) && right;
    right = co_await through_pipe_in_batches({"pipe letter, many"}, how, letter::make()) && right;
    right = co_await through_mailbox_in_batches({"mailbox letter, many"}, how, letter::make()) && right;
    right = co_await large("64 KiB", 64 * kib, how) && right;
    right = co_await large("1 MiB", mib, how) && right;
    right = co_await large("16 MiB", 16 * mib, how) && right;
    right = co_await large("64 MiB", 64 * mib, how) && right;
    co_return right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5, .filter = ""};
    const auto code =
        bench::listen("How many messages, and bytes, go one way in a second?", std::move(arguments), told);
    if (code) co_return *code;
    settings how{.told = told};
    if (told.free || !possible(how.where)) how.where = placement::free;
    co_return co_await measure(how) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
