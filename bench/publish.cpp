// How many messages a second does one publisher get out to 1, 4 and 16 subscribers, beside as many sends?

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
#include "tally.hpp"

namespace {

struct reading {
    std::uint64_t count, errors;
    std::int64_t end;  // of its stream, on the clock that all processes share
};

template <class M>
troupe::task<> receiver(troupe::mailbox<M> inbox, troupe::queue<reading> into) {
    bench::tally seen;
    while (const auto one = co_await inbox.receive()) seen.take(one->number(), one->whole());
    co_await into.put({seen.count(), seen.errors(), bench::now_ns()});
}

enum class way { sends, publishes };

// Gives how many each was sent.
template <class M>
troupe::task<std::uint64_t> send_to_all(std::vector<troupe::actor<M>> crew, troupe::topic<M> news, M message, way how,
                                        double seconds) {
    const std::uint64_t messages_a_clock_reading = sizeof(M) == 64 ? 16 : 1;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < messages_a_clock_reading; ++i) {
            message.write(number++);
            if (how == way::publishes) {
                co_await news.publish(message);
            } else {
                for (const auto& one : crew) co_await one.send(message);
            }
        }
    } while (bench::now_ns() < end);
    co_return number;
}

template <class M>
troupe::task<bool> measure(M message, std::size_t n, std::string size, way how, double seconds) {
    const troupe::topic<M> news("news of " + size);
    const troupe::queue<reading> read;
    std::vector<troupe::actor<M>> crew;
    for (std::size_t i = 0; i < n; ++i) {
        crew.push_back(co_await troupe::spawn<receiver<M>>(read));
        if (how == way::publishes) co_await news.subscribe(crew.back());
    }
    const std::int64_t start = bench::now_ns();
    const std::uint64_t sent = co_await send_to_all<M>(crew, news, std::move(message), how, seconds);
    for (const auto& one : crew) one.stop();
    for (const auto& one : crew) co_await one.join();

    std::uint64_t count = 0, errors = 0, reports = 0;
    std::int64_t end = start;
    for (; const auto one = read.try_get(); ++reports) {
        count += one->count;
        errors += one->errors + (sent > one->count ? sent - one->count : 0);
        end = std::max(end, one->end);
    }
    errors += n - reports;
    const double per_us = end > start ? static_cast<double>(count) * 1e3 / static_cast<double>(end - start) : 0;
    const bool small = sizeof(M) == 64;
    co_return bench::print({.program = "publish",
                            .name = size + " to " + std::to_string(n) + (how == way::sends ? ", by sends" : ""),
                            .unit = small ? "M/s" : "k/s",
                            .value = small ? per_us : per_us * 1e3,
                            .count = count,
                            .errors = errors});
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("How many messages a second does one publisher get out to its subscribers?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const way how : {way::sends, way::publishes}) {
        for (const std::size_t n : {1, 4, 16}) {
            const bool went_well = co_await measure(bench::flat<64>(), n, "64 B", how, told.seconds);
            right = went_well && right;
        }
        const bool went_well = co_await measure(bench::parcel::make(1 << 20), 4, "1 MiB", how, told.seconds);
        right = went_well && right;
    }
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
