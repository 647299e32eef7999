// How orders are found in a pipe to which anybody may have written anything.
#include "keeper/order_reader.hpp"

#include <unistd.h>

#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "catch.hpp"
#include "shm/program_header.hpp"

using troupe::keepers::order_reader;
using namespace troupe::shm;

namespace {

constexpr std::uint64_t now = (std::uint64_t{3} << 32) - 10;  // the low bits go round while the order is good

order good_order(std::uint64_t number) {
    return {.good_until = static_cast<std::uint32_t>(now + 1'000),
            .number = number,
            .actor = 42,
            .layout = static_cast<std::uint16_t>(layout_version)};
}

class written_to {
public:
    written_to() { reader_.open(); }

    void write(const void* bytes, std::size_t length) {
        REQUIRE(::write(reader_.pipe(), bytes, length) == static_cast<ssize_t>(length));
    }
    void write(const order& one) { write(&one, sizeof one); }
    // The numbers of all that are found, as the keeper looks for them.
    std::vector<std::uint64_t> all() {
        std::vector<std::uint64_t> numbers;
        for (int turn = 0; turn < 1'000; ++turn) {
            reader_.read();
            while (const auto one = reader_.take(now)) numbers.push_back(one->number);
        }
        return numbers;
    }
    order_reader& reader() { return reader_; }

private:
    order_reader reader_;
};

using numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("order: those that are written are found, in their order") {
    written_to pipe;
    numbers expected;
    for (std::uint64_t i = 1; i <= 100; ++i) {
        pipe.write(good_order(i));
        expected.push_back(i);
    }
    CHECK(pipe.all() == expected);
}

TEST_CASE("order: a few are read in a turn, and the rest later") {
    written_to pipe;
    for (std::uint64_t i = 1; i <= 100; ++i) pipe.write(good_order(i));
    pipe.reader().read();
    int found = 0;
    while (pipe.reader().take(now)) ++found;
    CHECK(found > 0);
    CHECK(found < 20);
}

TEST_CASE("order: what is of another layout, of no kind, without a number or without a magic word is none") {
    written_to pipe;
    order wrong = good_order(1);
    wrong.layout += 1;
    pipe.write(wrong);
    wrong = good_order(2);
    wrong.kind = static_cast<order_kind>(0);
    pipe.write(wrong);
    wrong = good_order(3);
    wrong.kind = static_cast<order_kind>(static_cast<unsigned>(last_order_kind) + 1);
    pipe.write(wrong);
    pipe.write(good_order(0));
    wrong = good_order(4);
    wrong.magic += 1;
    pipe.write(wrong);
    wrong = good_order(5);
    wrong.budget_ms = most_budget_ms + 1;
    pipe.write(wrong);
    pipe.write(good_order(6));
    CHECK(pipe.all() == numbers{6});
}

TEST_CASE("order: one that is out of date, or good for far too long, is not carried out") {
    written_to pipe;
    order late = good_order(1);
    late.good_until = static_cast<std::uint32_t>(now);
    pipe.write(late);
    late.good_until = static_cast<std::uint32_t>(now - 1'000);
    pipe.write(late);
    late.good_until = static_cast<std::uint32_t>(now + longest_order_ms + 1);
    pipe.write(late);
    pipe.write(good_order(2));
    CHECK(pipe.all() == numbers{2});
}

TEST_CASE("order: the beginning of one before another one costs the other nothing, at any length") {
    const order one = good_order(7);
    for (std::size_t length = 1; length < sizeof one; ++length) {
        written_to pipe;
        pipe.write(&one, length);
        pipe.write(good_order(8));
        const numbers found = pipe.all();
        CAPTURE(length);
        CHECK(found == numbers{8});
    }
}

TEST_CASE("order: true ones are found between bytes by chance") {
    written_to pipe;
    std::mt19937 draw(17);
    numbers expected, found;
    for (std::uint64_t i = 1; i <= 300; ++i) {
        std::vector<std::uint8_t> noise(1 + draw() % 64);
        for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(draw());
        pipe.write(noise.data(), noise.size());
        pipe.write(good_order(i));
        expected.push_back(i);
    }
    CHECK(pipe.all() == expected);
}
