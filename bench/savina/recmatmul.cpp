// Savina's recursive matrix multiplication: how long do 20 workers take to multiply two matrices of 1,024 x 1,024 in
// blocks of 128 x 128?
//
// A worker that is given a product of more than 16,384 elements splits it into eight of half the length, which it sends
// back to the master, who deals them out in turn. Workers share no memory with the master: with a product that is small
// enough go the two blocks, 128 KiB each, and the block that comes back is added to the result. Scaled, the matrices
// are the largest, by halves, with at most that share of the multiplications.

#include <troupe/troupe.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t workers = 20;
constexpr std::uint32_t published_length = 1'024, threshold = 16'384, block_length = 128;

// C[row.., column..] += A[row.., inner..] * B[inner.., column..], over `length` each.
struct work {
    std::uint32_t row, column, inner, length;
    bool small() const noexcept { return length * length <= threshold; }
};

using elements = std::vector<double>;  // row by row
struct multiply {
    work what;
    elements a, b;
};
struct product {
    work what;
    elements c;
};
struct done {};

class matrix {
public:
    explicit matrix(std::uint32_t length) : length_(length), all_(std::size_t{length} * length) {}
    double& at(std::uint32_t row, std::uint32_t column) { return all_[std::size_t{row} * length_ + column]; }
    elements block(std::uint32_t row, std::uint32_t column, std::uint32_t length) {
        elements copy;
        copy.reserve(std::size_t{length} * length);
        for (std::uint32_t i = 0; i < length; ++i) {
            const double* const from = &at(row + i, column);
            copy.insert(copy.end(), from, from + length);
        }
        return copy;
    }
    void add(const product& part) {
        for (std::uint32_t i = 0, k = 0; i < part.what.length; ++i)
            for (std::uint32_t j = 0; j < part.what.length; ++j)
                at(part.what.row + i, part.what.column + j) += part.c[k++];
    }
    const elements& all() const noexcept { return all_; }

private:
    std::uint32_t length_;
    elements all_;
};

struct outcome {
    elements c;
    std::uint64_t messages = 0;
};
struct multiply_all {
    using reply = outcome;
    std::uint32_t length;
};
using master_address = troupe::actor<work, product, done>;

elements multiplied(const multiply& blocks) {
    const std::size_t n = blocks.what.length;
    elements c(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t j = 0; j < n; ++j) c[i * n + j] += blocks.a[i * n + k] * blocks.b[k * n + j];
    return c;
}

troupe::task<> split(work whole, master_address master) {
    const std::uint32_t half = whole.length / 2;
    for (std::uint32_t i = 0; i < 8; ++i)
        co_await master.send(
            work{whole.row + (i & 1) * half, whole.column + (i >> 1 & 1) * half, whole.inner + (i >> 2) * half, half});
    co_await master.send(done{});
}

troupe::task<> compute(multiply blocks, master_address master) {
    co_await master.send(product{blocks.what, multiplied(blocks)});
}

troupe::task<> worker(troupe::mailbox<work, multiply> inbox, master_address master) {
    co_await inbox.serve([&](work what) { return split(what, master); },
                         [&](multiply blocks) { return compute(std::move(blocks), master); });
}

troupe::task<> master(troupe::mailbox<multiply_all, work, product, done> inbox) {
    auto asked = co_await inbox.receive<multiply_all>();
    if (!asked) co_return;
    std::vector<troupe::actor<work, multiply>> crew;
    crew.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) crew.push_back(co_await troupe::spawn<worker>(inbox.address()));

    const std::uint32_t length = asked->length;
    matrix a(length), b(length), c(length);
    for (std::uint32_t i = 0; i < length; ++i) {
        for (std::uint32_t j = 0; j < length; ++j) {
            a.at(i, j) = i;
            b.at(i, j) = j;
        }
    }

    std::uint64_t sent = 0, completed = 0, messages = 0;
    co_await crew[sent++ % workers].send(work{0, 0, 0, length});
    while (completed < sent) {
        const auto next = co_await inbox.receive();
        if (!next) co_return;
        ++messages;
        if (const auto* what = std::get_if<work>(&*next)) {
            const auto& one = crew[sent++ % workers];
            if (what->small()) {
                co_await one.send(multiply{*what, a.block(what->row, what->inner, what->length),
                                           b.block(what->inner, what->column, what->length)});
            } else {
                co_await one.send(*what);
            }
        } else {
            if (const auto* part = std::get_if<product>(&*next)) c.add(*part);
            ++completed;
        }
    }
    asked->reply(outcome{c.all(), messages + sent});
}

std::uint32_t length_for(std::uint64_t scale) {
    std::uint32_t length = published_length;
    std::uint64_t share = 1;
    for (; share < scale && length > 2 * block_length; share *= 8) length /= 2;
    return length;
}

elements expected(std::uint32_t length) {
    elements c;
    c.reserve(std::size_t{length} * length);
    for (std::uint64_t i = 0; i < length; ++i)
        for (std::uint64_t j = 0; j < length; ++j) c.push_back(static_cast<double>(length * i * j));
    return c;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long do 20 workers take to multiply two matrices of 1,024 x 1,024?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint32_t length = length_for(told.scale);
    const std::int64_t start = bench::now_ns();
    const auto one = co_await troupe::spawn<master>();
    const outcome seen = co_await one.ask(multiply_all{length});
    co_await one.join();
    const std::int64_t took = bench::now_ns() - start;
    co_return bench::savina::report("recmatmul", told, took, seen.messages, seen.c == expected(length)) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
