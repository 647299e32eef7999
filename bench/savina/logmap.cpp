// Savina's logistic map: how long does it take 10 actors to have 25,000 terms each computed by another?
//
// A master tells 10 workers 25,000 times to go on to the next term x' = r x (1 - x). A worker has it computed by an
// actor that knows r, and handles nothing else until the answer has come; r is 3.46 for the first, and 0.0025 more for
// each of the others. At the end the master asks every worker for its term. The time is from the first message until
// the last of them has come; each must be, to the last bit, what the master computes itself.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_terms = 25'000, series = 10;
constexpr std::uint64_t messages_a_term = 3;  // to the worker, to the computer and back
constexpr double first_rate = 3.46, increment = 0.0025;

double next_term(double term, double rate) { return rate * term * (1 - term); }
double rate_of(unsigned place) { return first_rate + place * increment; }
double first_term_of(unsigned place) { return place * increment; }

struct compute {
    using reply = double;
    double term;
};
struct go_on {};
struct current {
    using reply = double;
};

troupe::task<> computer(troupe::mailbox<compute> inbox, double rate) {
    co_await inbox.serve([rate](compute m) { return next_term(m.term, rate); });
}

troupe::task<> worker(troupe::mailbox<go_on, current> inbox, troupe::actor<compute> its_computer, double term) {
    co_await inbox.serve([&](go_on) -> troupe::task<> { term = co_await its_computer.ask(compute{term}); },
                         [&](current) { return term; });
}

troupe::task<int> master(bench::savina::wishes told) {
    const unsigned terms = scaled(published_terms, told);
    std::vector<troupe::actor<compute>> computers;
    std::vector<troupe::actor<go_on, current>> workers;
    computers.reserve(series);
    workers.reserve(series);
    for (unsigned i = 0; i < series; ++i) computers.push_back(co_await troupe::spawn<computer>(rate_of(i)));
    for (unsigned i = 0; i < series; ++i)
        workers.push_back(co_await troupe::spawn<worker>(computers[i], first_term_of(i)));

    std::vector<double> last(series);
    const std::int64_t start = bench::now_ns();
    for (unsigned i = 0; i < terms; ++i)
        for (const auto& one : workers) co_await one.send(go_on{});
    for (unsigned i = 0; i < series; ++i) last[i] = co_await workers[i].ask(current{});
    const std::int64_t took = bench::now_ns() - start;

    bool right = true;
    for (unsigned i = 0; i < series; ++i) {
        double term = first_term_of(i);
        for (unsigned n = 0; n < terms; ++n) term = next_term(term, rate_of(i));
        right = right && last[i] == term;
    }
    right = co_await bench::savina::dismiss(workers) && right;
    right = co_await bench::savina::dismiss(computers) && right;
    co_return report("logmap", told, took, messages_a_term * terms * series, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long does it take 10 actors to have 25,000 terms each computed by another?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
