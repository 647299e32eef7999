// Savina's trapezoidal approximation: how long do 100 workers take to integrate a function over 10,000,000 pieces, each
// worker a hundredth of them?
//
// From 1 to 5. The master gives each worker its part of the range, adds up what the workers send, and ends when it has
// heard from all. Scaled, there are fewer pieces. The sum must be, bit for bit, that of the same parts computed by the
// program alone.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t workers = 100;
constexpr double left = 1, right = 5;
constexpr std::uint64_t published_pieces = 10'000'000;

struct part {
    double from, width;  // of one piece
    std::uint64_t pieces, number;

    static part of(std::uint64_t number, std::uint64_t pieces_each) {
        const double width = (right - left) / static_cast<double>(workers * pieces_each);
        return {left + width * static_cast<double>(number * pieces_each), width, pieces_each, number};
    }
};
struct area {
    std::uint64_t number;
    double size;
};
struct integrate {
    using reply = double;
    std::uint64_t pieces_each;
};

double height(double x) { return std::sin(x * x * x - 1) / (x + 1) * std::sqrt(1 + std::exp(std::sqrt(2 * x))); }

double integral(const part& over) {
    double sum = 0;
    double last = height(over.from);
    for (std::uint64_t i = 1; i <= over.pieces; ++i) {
        const double next = height(over.from + over.width * static_cast<double>(i));
        sum += (last + next) / 2 * over.width;
        last = next;
    }
    return sum;
}

// In the order of the parts, whatever the order in which they came: so the sum is always the same.
double total(const std::vector<double>& areas) {
    double sum = 0;
    for (const double each : areas) sum += each;
    return sum;
}

troupe::task<> worker(troupe::mailbox<part> inbox, troupe::actor<area> master) {
    while (const auto mine = co_await inbox.receive()) co_await master.send(area{mine->number, integral(*mine)});
}

troupe::task<> master(troupe::mailbox<integrate, area> inbox) {
    auto asked = co_await inbox.receive<integrate>();
    if (!asked) co_return;
    for (std::size_t i = 0; i < workers; ++i) {
        const auto one = co_await troupe::spawn<worker>(inbox.address());
        co_await one.send(part::of(i, asked->pieces_each));
    }
    std::vector<double> areas(workers);
    for (std::size_t i = 0; i < workers; ++i) {
        const auto one = co_await inbox.receive<area>();
        if (!one) co_return;
        areas.at(one->number) += one->size;
    }
    asked->reply(total(areas));
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long do 100 workers take to integrate over 10,000,000 pieces?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint64_t pieces_each = std::max<std::uint64_t>(published_pieces / workers / told.scale, 1);
    const std::int64_t start = bench::now_ns();
    const auto one = co_await troupe::spawn<master>();
    const double sum = co_await one.ask(integrate{pieces_each});
    co_await one.join();
    const std::int64_t took = bench::now_ns() - start;

    std::vector<double> areas;
    areas.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) areas.push_back(integral(part::of(i, pieces_each)));
    co_return bench::savina::report("trapezoid", told, took, 2 * workers, sum == total(areas)) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
