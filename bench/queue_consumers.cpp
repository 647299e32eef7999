// How many items of 64 B a second go from one producer through one queue to 1, 2, 4 and 8 consumers, and how evenly
// do these get them? Each item must come to exactly one of them.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "jain.hpp"
#include "message.hpp"

namespace {

using flat64 = bench::flat<64>;

// Which numbers came: a bit for each.
class numbers {
public:
    // False when it was in already.
    bool add(std::uint64_t number) {
        const std::size_t word = number / 64;
        const std::uint64_t bit = std::uint64_t{1} << number % 64;
        if (word >= words_.size()) words_.resize(std::max(word + 1, 2 * words_.size()));
        const bool fresh = (words_[word] & bit) == 0;
        words_[word] |= bit;
        return fresh;
    }
    // Gives how many of `others` were in already.
    std::uint64_t merge(const std::vector<std::uint64_t>& others) {
        words_.resize(std::max(words_.size(), others.size()));
        std::uint64_t doubled = 0;
        for (std::size_t i = 0; i < others.size(); ++i) {
            doubled += static_cast<std::uint64_t>(std::popcount(words_[i] & others[i]));
            words_[i] |= others[i];
        }
        return doubled;
    }
    std::uint64_t missing_below(std::uint64_t end) const {
        std::uint64_t missing = 0;
        for (std::uint64_t n = 0; n < end; ++n)
            if (n / 64 >= words_.size() || (words_[n / 64] >> n % 64 & 1) == 0) ++missing;
        return missing;
    }
    const std::vector<std::uint64_t>& words() const noexcept { return words_; }

private:
    std::vector<std::uint64_t> words_;
};

struct reading {
    std::uint64_t count = 0, errors = 0;
    std::int64_t end = 0;              // of its stream, on the clock that all processes share
    std::vector<std::uint64_t> words;  // of the numbers that came to it
};

// One queue, first in first out: what comes to one consumer comes in order.
troupe::task<> consumer(troupe::queue<flat64> items, troupe::queue<reading> into) {
    numbers seen;
    reading told;
    std::uint64_t next = 0;
    while (const auto item = co_await items.get()) {
        const std::uint64_t number = item->number();
        const bool right = item->whole() && number >= next && seen.add(number);
        if (!right) ++told.errors;
        ++told.count;
        next = number + 1;
    }
    told.end = bench::now_ns();
    told.words = seen.words();
    co_await into.put(told);
}

troupe::task<std::uint64_t> produce(troupe::queue<flat64> items, double seconds) {
    constexpr std::uint64_t sent_a_clock_reading = 64;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    flat64 item;
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < sent_a_clock_reading; ++i) {
            item.write(number++);
            co_await items.put(item);
        }
    } while (bench::now_ns() < end);
    co_return number;
}

troupe::task<bool> measure(std::size_t n, double seconds) {
    troupe::queue<reading> read;
    troupe::queue<flat64> items;
    std::vector<troupe::actor<>> crew;
    crew.reserve(n);
    for (std::size_t i = 0; i < n; ++i) crew.push_back(co_await troupe::spawn<consumer>(items, read));
    const std::int64_t start = bench::now_ns();
    const std::uint64_t put = co_await produce(items, seconds);
    items.close();
    for (const auto& one : crew) co_await one.join();

    numbers seen;
    std::vector<std::uint64_t> counts;
    std::uint64_t count = 0, errors = 0;
    std::int64_t end = start;
    while (const auto one = read.try_get()) {
        counts.push_back(one->count);
        count += one->count;
        errors += one->errors + seen.merge(one->words);
        end = std::max(end, one->end);
    }
    errors += seen.missing_below(put) + (n - counts.size());
    co_return bench::print(
        {.program = "queue_consumers",
         .name = std::to_string(n) + (n == 1 ? " consumer" : " consumers"),
         .unit = "M/s",
         .value = end > start ? static_cast<double>(count) * 1e3 / static_cast<double>(end - start) : 0,
         .jain = bench::jain_index(counts),
         .count = count,
         .errors = errors});
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code =
        bench::listen("How many items a second go through one queue to several consumers?", std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const std::size_t n : {1, 2, 4, 8}) right = co_await measure(n, told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
