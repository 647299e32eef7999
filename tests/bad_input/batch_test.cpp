// The body of a record that holds many messages: what was written is read back, and damage is nothing.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "catch.hpp"
#include "mail/batch.hpp"

namespace {

using troupe::mail::batch_label;
using troupe::mail::count_of_batch;
using troupe::mail::part_of_batch;
using troupe::mail::row_of_batch;
using troupe::mail::unwritten_batch;
using bytes = std::vector<std::byte>;

bytes numbered(std::size_t count) {
    bytes all(count);
    for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<std::byte>(i);
    return all;
}

bytes written(const unwritten_batch& batch) {
    bytes body(batch.length());
    batch.write(body.data());
    return body;
}

bytes copy_of(std::span<const std::byte> some) { return {some.begin(), some.end()}; }
bytes part_of(const bytes& all, std::size_t first, std::size_t length) {
    return copy_of(std::span(all).subspan(first, length));
}

bytes with_label(bytes body, batch_label label) {
    std::memcpy(body.data(), &label, sizeof label);
    return body;
}

}  // namespace

TEST_CASE("batch record: messages of one size are read alone and as a row") {
    const bytes all = numbered(5 * 8);
    const std::uint16_t ends[] = {8, 16, 24, 32, 40};
    const bytes body = written({all, 8});
    CHECK(body == written({all, std::span(ends)}));
    CHECK(count_of_batch(body) == 5);
    for (std::uint32_t i = 0; i < 5; ++i) CHECK(copy_of(*part_of_batch(body, i)) == part_of(all, i * 8, 8));
    CHECK_FALSE(part_of_batch(body, 5));
    CHECK(copy_of(row_of_batch(body, 0, 8, 100)) == all);
    CHECK(copy_of(row_of_batch(body, 3, 8, 100)) == part_of(all, 24, 16));
    CHECK(copy_of(row_of_batch(body, 1, 8, 2)) == part_of(all, 8, 16));
    CHECK(row_of_batch(body, 5, 8, 100).empty());
    CHECK(row_of_batch(body, 0, 16, 100).empty());
}

TEST_CASE("batch record: messages of several sizes are read alone, and are no row") {
    const bytes all = numbered(11);
    const std::uint16_t ends[] = {3, 3, 11};
    const bytes body = written({all, std::span(ends)});
    CHECK(copy_of(*part_of_batch(body, 0)) == part_of(all, 0, 3));
    CHECK(part_of_batch(body, 1)->empty());
    CHECK(copy_of(*part_of_batch(body, 2)) == part_of(all, 3, 8));
    CHECK(row_of_batch(body, 0, 3, 100).empty());
}

TEST_CASE("batch record: a label that says more than there is gives nothing behind the end") {
    const bytes body = written({numbered(5 * 8), 8});
    const bytes too_many = with_label(body, {.count = 6, .size = 8});
    CHECK(part_of_batch(too_many, 4));
    CHECK_FALSE(part_of_batch(too_many, 5));
    CHECK(row_of_batch(too_many, 0, 8, 100).empty());
    CHECK(row_of_batch(too_many, 0, 8, 5).size() == 40);
    const bytes too_large = with_label(body, {.count = 5, .size = 9});
    CHECK_FALSE(part_of_batch(too_large, 4));
    CHECK(row_of_batch(too_large, 0, 9, 5).empty());
    CHECK(row_of_batch(std::span(body).first(3), 0, 8, 5).empty());
    CHECK_FALSE(part_of_batch(std::span(body).first(3), 0));
}

TEST_CASE("batch record: a label that counts more messages than a record can have is nothing") {
    const bytes body = with_label(written({numbered(2000), 2}), {.count = 2000, .size = 1});
    for (const std::uint32_t index : {0u, 999u, 1000u, 1023u, 1999u}) CHECK_FALSE(part_of_batch(body, index));
    CHECK(row_of_batch(body, 0, 1, 10).empty());
    CHECK(count_of_batch(body) == troupe::mail::most_in_batch);
}
