// How long does it take to start an actor that does nothing and to learn of its end, by each start method?

#include <troupe/troupe.hpp>

#include <string>
#include <vector>

#include "command_line.hpp"
#include "cpu_time.hpp"
#include "figure.hpp"

namespace {

void nothing() {}

troupe::task<bool> measure(troupe::start_method method, double seconds) {
    constexpr int warming_up = 3;
    bench::samples all;
    std::size_t errors = 0;
    std::int64_t spent = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (int i = 0; i < warming_up || bench::now_ns() < end; ++i) {
        if (i == warming_up) spent = -bench::family_cpu_ns();
        const std::int64_t start = bench::now_ns();
        const auto one = co_await troupe::spawn<nothing>({.method = method});
        const troupe::exit_status status = co_await one.join();
        if (i >= warming_up) all.add(bench::now_ns() - start);
        if (status.code() != 0) ++errors;
    }
    bench::figure measured = timed("spawn_join", to_string(method), "ms", 1e6, all, errors);
    spent += bench::family_cpu_ns();
    measured.cpu_us = all.count() > 0 ? static_cast<double>(spent) / 1e3 / static_cast<double>(all.count()) : 0;
    co_return bench::print(measured);
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5, .filter = ""};
    const auto code =
        bench::listen("How long does it take to start an actor that does nothing and to learn of its end?",
                      std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const auto method :
         {troupe::start_method::forkserver, troupe::start_method::fork, troupe::start_method::spawn}) {
        if (told.want(to_string(method))) right = co_await measure(method, told.seconds) && right;
    }
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
