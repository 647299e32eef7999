// Savina's fork-join, creation: how long does it take to create actors that are sent one message each, compute a sine,
// and end?
//
// The published number is 40,000 actors. Runs scaled by 40, with 1,000. Each ends with code 0 when what it was sent is
// what it should have got; the program joins them all.

#include <troupe/troupe.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr unsigned published_actors = 40'000, usual_scale = 40;
constexpr double theta = 37.2;

struct compute {
    double angle;
};

troupe::task<int> forked(troupe::mailbox<compute> inbox) {
    const auto one = co_await inbox.receive();
    if (!one) co_return 1;
    const double sine = std::sin(one->angle);
    co_return sine* sine > 0 && one->angle == theta ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told{.scale = usual_scale};
    const auto code = bench::savina::listen("How long does it take to create actors that are sent one message each?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const unsigned count = published_actors / told.scale;
    unsigned right = 0;
    const std::int64_t start = bench::now_ns();
    std::vector<troupe::actor<compute>> all;
    all.reserve(count);
    for (unsigned i = 0; i < count; ++i) {
        all.push_back(co_await troupe::spawn<forked>());
        co_await all.back().send(compute{theta});
    }
    for (const auto& one : all) {
        const troupe::exit_status status = co_await one.join();
        if (status.code() == 0) ++right;
    }
    const std::int64_t took = bench::now_ns() - start;
    co_return bench::savina::report("fjcreate", told, took, count, right == count) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
