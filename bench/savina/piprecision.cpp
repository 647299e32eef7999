// Savina's digits of pi: how long do 20 workers take to compute 5,000 digits by the formula of Bailey, Borwein and
// Plouffe, a term at a time?
//
// The master gives each worker 10 terms, and the next one for each that comes back, until one is too small to count; it
// ends when all have come. A term is a fixed-point number of 2 KB. The digits must be those of Machin's formula.
// Scaled, there are fewer digits.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t workers = 20, terms_ahead = 10, published_digits = 5'000;

// A number from 0 to 2^32: the integer, then its fraction in base 2^32, the most significant first. What does not fit
// is cut off, which the last three words are for.
using fixed = std::vector<std::uint32_t>;

std::size_t words_for(std::size_t digits) {
    constexpr double bits_a_digit = 3.3219280948873626;
    return 1 + static_cast<std::size_t>(static_cast<double>(digits) * bits_a_digit / 32) + 1 + 3;
}

void divide(fixed& number, std::uint64_t by) {
    std::uint64_t rest = 0;
    for (std::uint32_t& word : number) {
        const std::uint64_t part = rest << 32 | word;
        word = static_cast<std::uint32_t>(part / by);
        rest = part % by;
    }
}

void multiply(fixed& number, std::uint64_t by) {
    std::uint64_t carry = 0;
    for (std::size_t i = number.size(); i-- > 0;) {
        carry += number[i] * by;
        number[i] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
    }
}

fixed quotient(std::uint32_t dividend, std::uint64_t divisor, std::size_t words) {
    fixed number(words, 0);
    number[0] = dividend;
    divide(number, divisor);
    return number;
}

void add(fixed& to, const fixed& what) {
    std::uint64_t carry = 0;
    for (std::size_t i = to.size(); i-- > 0; carry >>= 32) {
        carry += std::uint64_t{to[i]} + what[i];
        to[i] = static_cast<std::uint32_t>(carry);
    }
}

void subtract(fixed& from, const fixed& what) {
    std::uint64_t borrow = 0;
    for (std::size_t i = from.size(); i-- > 0;) {
        const std::uint64_t difference = std::uint64_t{from[i]} - what[i] - borrow;
        from[i] = static_cast<std::uint32_t>(difference);
        borrow = difference >> 63;
    }
}

bool is_zero(const fixed& number) {
    return std::all_of(number.begin(), number.end(), [](std::uint32_t word) { return word == 0; });
}

void divide_by_power_of_16(fixed& number, std::size_t exponent) {
    const std::size_t words = std::min(exponent / 8, number.size());
    std::move_backward(number.begin(), number.end() - static_cast<std::ptrdiff_t>(words), number.end());
    std::fill_n(number.begin(), words, 0);
    divide(number, std::uint64_t{1} << exponent % 8 * 4);
}

fixed term(std::uint64_t k, std::size_t words) {
    fixed sum = quotient(4, 8 * k + 1, words);
    subtract(sum, quotient(2, 8 * k + 4, words));
    subtract(sum, quotient(1, 8 * k + 5, words));
    subtract(sum, quotient(1, 8 * k + 6, words));
    divide_by_power_of_16(sum, k);
    return sum;
}

std::string digits_of(fixed number, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += static_cast<char>('0' + number[0] % 10);
        number[0] = 0;
        multiply(number, 10);
    }
    return text;
}

fixed arc_tangent_of_inverse(std::uint32_t q, std::size_t words) {
    fixed power = quotient(1, q, words), sum = power;
    for (std::uint64_t i = 1; !is_zero(power); ++i) {
        divide(power, std::uint64_t{q} * q);
        fixed part = power;
        divide(part, 2 * i + 1);
        i % 2 == 0 ? add(sum, part) : subtract(sum, part);
    }
    return sum;
}

fixed pi_by_machin(std::size_t words) {
    fixed sum = arc_tangent_of_inverse(5, words);
    multiply(sum, 4);
    subtract(sum, arc_tangent_of_inverse(239, words));
    multiply(sum, 4);
    return sum;
}

struct order {
    std::uint64_t term, words;
};
struct result {
    std::uint64_t worker;
    fixed term;
};
struct outcome {
    fixed pi;
    std::uint64_t terms = 0;
};
struct compute {
    using reply = outcome;
    std::uint64_t words;
};

troupe::task<> worker(troupe::mailbox<order> inbox, std::uint64_t number, troupe::actor<result> master) {
    while (const auto next = co_await inbox.receive())
        co_await master.send(result{number, term(next->term, next->words)});
}

troupe::task<> master(troupe::mailbox<compute, result> inbox) {
    auto asked = co_await inbox.receive<compute>();
    if (!asked) co_return;
    std::vector<troupe::actor<order>> crew;
    crew.reserve(workers);
    for (std::uint64_t i = 0; i < workers; ++i) crew.push_back(co_await troupe::spawn<worker>(i, inbox.address()));

    outcome seen{fixed(asked->words, 0), 0};
    std::uint64_t sent = 0;
    while (sent < terms_ahead * workers) {
        co_await crew[sent % workers].send(order{sent, asked->words});
        ++sent;
    }
    for (bool enough = false; seen.terms < sent; ++seen.terms) {
        const auto one = co_await inbox.receive<result>();
        if (!one) co_return;
        add(seen.pi, one->term);
        enough = enough || is_zero(one->term);
        if (!enough) co_await crew.at(one->worker).send(order{sent++, asked->words});
    }
    asked->reply(seen);
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code =
        bench::savina::listen("How long do 20 workers take to compute 5,000 digits of pi?", std::move(arguments), told);
    if (code) co_return *code;

    const std::size_t digits = std::max<std::size_t>(published_digits / told.scale, 10), words = words_for(digits);
    const std::int64_t start = bench::now_ns();
    const auto one = co_await troupe::spawn<master>();
    const outcome seen = co_await one.ask(compute{words});
    co_await one.join();
    const std::int64_t took = bench::now_ns() - start;
    const bool right = digits_of(seen.pi, digits) == digits_of(pi_by_machin(words), digits);
    co_return bench::savina::report("piprecision", told, took, 2 * seen.terms, right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
