// Savina's filter bank: how long does it take to run 34,816 samples through a bank of 8 channels, each a chain of
// actors that delay, filter, thin out, delay and filter them again?
//
// The source asks the producer before each sample, which is one of the numbers 0 to 999 in turn. `branches` gives it to
// all 8 banks. A filter weighs its last 16,384 samples, so it is silent until it has as many; of its results the
// sampler lets pass the first, the 16,384th after it and so on, and makes 0 of the others. The integrator puts together
// what the channels give, one of each, `combine` adds them up, and the sink keeps the sums. Scaled, there are fewer
// columns and samples in the same proportion.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t channels = 8, published_columns = 16'384, published_samples = 34'816;
constexpr std::size_t fewest_columns = 8;
constexpr std::uint64_t distinct_samples = 1'000;

struct sample {
    double value;
};
struct tagged {
    double value;
    std::uint64_t channel;
};
using row = std::array<double, channels>;  // a result of each channel
struct collection {
    row values;
};
struct next {
    using reply = std::uint32_t;  // 0 at the end
};
struct sums {
    using reply = std::vector<double>;
};
using next_stage = troupe::actor<sample>;

enum class coefficients : int { of_first_filter, of_second_filter };

double coefficient(coefficients which, std::size_t channel, std::size_t column, std::size_t columns) {
    const auto j = static_cast<double>(channel), i = static_cast<double>(column);
    if (which == coefficients::of_second_filter) return i * j + j * j + j + i;
    return i * static_cast<double>(columns) + j * static_cast<double>(channels) + 2 * j + i + 1;
}

// The last samples of a filter, and their weighted sum: the newest by the first coefficient.
class window {
public:
    window(coefficients which, std::size_t channel, std::size_t columns) : values_(columns), weights_(columns) {
        for (std::size_t i = 0; i < columns; ++i) weights_[columns - 1 - i] = coefficient(which, channel, i, columns);
    }
    void push(double value) {
        values_[oldest_] = value;
        oldest_ = (oldest_ + 1) % values_.size();
        full_ = full_ || oldest_ == 0;
    }
    bool full() const noexcept { return full_; }
    double weighted() const {
        const auto from = values_.begin() + static_cast<std::ptrdiff_t>(oldest_);
        const auto newer = weights_.begin() + (values_.end() - from);
        return std::transform_reduce(from, values_.end(), weights_.begin(), 0.0) +
               std::transform_reduce(values_.begin(), from, newer, 0.0);
    }

private:
    std::vector<double> values_, weights_;  // the weight of the oldest stands first
    std::size_t oldest_ = 0;
    bool full_ = false;
};

troupe::task<> producer(troupe::mailbox<next> inbox, std::uint64_t samples) {
    std::uint64_t left = samples;
    co_await inbox.serve([&](next) -> next::reply { return left > 0 ? (--left, 1) : 0; });
}

troupe::task<> source(troupe::actor<next> from, next_stage to) {
    for (std::uint64_t i = 0; co_await from.ask(next{}) != 0; ++i)
        co_await to.send(sample{static_cast<double>(i % distinct_samples)});
}

troupe::task<> branches(troupe::mailbox<sample> inbox, std::vector<next_stage> banks) {
    while (const auto one = co_await inbox.receive())
        for (const next_stage& bank : banks) co_await bank.send(*one);
}

troupe::task<> bank(troupe::mailbox<sample> inbox, next_stage to) {
    while (const auto one = co_await inbox.receive()) co_await to.send(*one);
}

troupe::task<> delay(troupe::mailbox<sample> inbox, std::size_t length, next_stage to) {
    std::vector<sample> kept(length, sample{0});
    std::size_t oldest = 0;
    while (const auto one = co_await inbox.receive()) {
        co_await to.send(kept[oldest]);
        kept[oldest] = *one;
        oldest = (oldest + 1) % length;
    }
}

troupe::task<> filter(troupe::mailbox<sample> inbox, int which, std::size_t channel, std::size_t columns,
                      next_stage to) {
    window last(static_cast<coefficients>(which), channel, columns);
    while (const auto one = co_await inbox.receive()) {
        last.push(one->value);
        if (last.full()) co_await to.send(sample{last.weighted()});
    }
}

troupe::task<> sampler(troupe::mailbox<sample> inbox, std::size_t rate, next_stage to) {
    for (std::size_t i = 0; const auto one = co_await inbox.receive(); ++i)
        co_await to.send(i % rate == 0 ? *one : sample{0});
}

troupe::task<> tagger(troupe::mailbox<sample> inbox, std::size_t channel, troupe::actor<tagged> to) {
    while (const auto one = co_await inbox.receive()) co_await to.send(tagged{one->value, channel});
}

troupe::task<> integrator(troupe::mailbox<tagged> inbox, troupe::actor<collection> to) {
    std::array<std::deque<double>, channels> waiting;
    while (const auto one = co_await inbox.receive()) {
        waiting.at(one->channel).push_back(one->value);
        bool complete = true;
        for (const auto& each : waiting) complete = complete && !each.empty();
        if (!complete) continue;
        collection whole{};
        for (std::size_t i = 0; i < channels; ++i) {
            whole.values[i] = waiting[i].front();
            waiting[i].pop_front();
        }
        co_await to.send(whole);
    }
}

double sum_of(const row& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

troupe::task<> combine(troupe::mailbox<collection> inbox, next_stage to) {
    while (const auto all = co_await inbox.receive()) co_await to.send(sample{sum_of(all->values)});
}

troupe::task<> sink(troupe::mailbox<sample, sums> inbox) {
    std::vector<double> came;
    co_await inbox.serve([&](sample one) { came.push_back(one.value); }, [&](sums) { return came; });
}

// What comes behind the sampler is 0 but for few, so that few results of the first filter are needed.
std::vector<double> expected_sums(std::size_t samples, std::size_t columns) {
    const std::size_t thinned = samples - columns + 1;
    std::vector<row> rows(thinned - columns + 1);
    for (std::size_t channel = 0; channel < channels; ++channel) {
        window first(coefficients::of_first_filter, channel, columns);
        window second(coefficients::of_second_filter, channel, columns);
        std::deque<double> delayed(columns - 1, 0.0);
        const auto value = [&](std::size_t i) {
            return i < columns - 1 ? 0.0 : static_cast<double>((i - (columns - 1)) % distinct_samples);
        };
        for (std::size_t i = 0; i < samples; ++i) {
            first.push(value(i));
            if (!first.full()) continue;
            const std::size_t nth = i + 1 - columns;
            delayed.push_back(nth % columns == 0 ? first.weighted() : 0);
            second.push(delayed.front());
            delayed.pop_front();
            if (second.full()) rows[nth + 1 - columns][channel] = second.weighted();
        }
    }
    std::vector<double> all;
    all.reserve(rows.size());
    for (const row& each : rows) all.push_back(sum_of(each));
    return all;
}

// The stages in the order in which the samples pass them.
struct pipeline {
    troupe::actor<next> start;
    std::vector<troupe::actor<>> stages;
    troupe::actor<sample, sums> end;
};

troupe::task<next_stage> start_channel(std::size_t channel, std::size_t columns, troupe::actor<tagged> to,
                                       std::vector<troupe::actor<>>* into) {
    const int first_filter = static_cast<int>(coefficients::of_first_filter);
    const int second_filter = static_cast<int>(coefficients::of_second_filter);
    const auto tag = co_await troupe::spawn<tagger>(channel, to);
    const auto filter2 = co_await troupe::spawn<filter>(second_filter, channel, columns, tag);
    const auto delay2 = co_await troupe::spawn<delay>(columns - 1, filter2);
    const auto thin = co_await troupe::spawn<sampler>(columns, delay2);
    const auto filter1 = co_await troupe::spawn<filter>(first_filter, channel, columns, thin);
    const auto delay1 = co_await troupe::spawn<delay>(columns - 1, filter1);
    const auto front = co_await troupe::spawn<bank>(delay1);
    into->insert(into->end(), {front, delay1, filter1, thin, delay2, filter2, tag});
    co_return front;
}

troupe::task<pipeline> start_pipeline(std::size_t columns, std::uint64_t samples) {
    pipeline all;
    all.end = co_await troupe::spawn<sink>();
    const auto adder = co_await troupe::spawn<combine>(all.end);
    const auto together = co_await troupe::spawn<integrator>(adder);
    std::vector<troupe::actor<>> behind;
    std::vector<next_stage> banks;
    banks.reserve(channels);
    for (std::size_t i = 0; i < channels; ++i) banks.push_back(co_await start_channel(i, columns, together, &behind));
    const auto split = co_await troupe::spawn<branches>(banks);
    all.start = co_await troupe::spawn<producer>(samples);
    all.stages = {co_await troupe::spawn<source>(all.start, split), split};
    all.stages.insert(all.stages.end(), behind.begin(), behind.end());
    all.stages.insert(all.stages.end(), {together, adder});
    co_return all;
}

std::uint64_t messages(std::uint64_t samples, std::uint64_t columns) {
    const std::uint64_t thinned = samples - columns + 1, results = thinned - columns + 1;
    return 3 * samples + 3 * channels * samples + 3 * channels * thinned + 2 * channels * results + 2 * results;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long does it take to run 34,816 samples through a bank of filters?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::size_t columns = std::max<std::size_t>(published_columns / told.scale, fewest_columns);
    const std::size_t samples = published_samples * columns / published_columns;
    const std::int64_t start = bench::now_ns();
    const pipeline all = co_await start_pipeline(columns, samples);
    // The source ends by itself. Whoever is asked to stop has then been sent everything, and reads it first.
    co_await all.stages.front().join();
    for (const auto& stage : all.stages) {
        stage.stop();
        co_await stage.join();
    }
    const std::vector<double> came = co_await all.end.ask(sums{});
    all.start.stop();
    all.end.stop();
    co_await all.end.join();
    const std::int64_t took = bench::now_ns() - start;
    const bool right = came == expected_sums(samples, columns);
    co_return bench::savina::report("filterbank", told, took, messages(samples, columns), right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
