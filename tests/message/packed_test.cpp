#include <troupe/msgpack.hpp>

#include "round_trip.hpp"

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace troupe::detail;
using troupe::test::survives;

namespace {

class account {
public:
    account() = default;
    account(std::string owner, std::vector<int> amounts) : owner_(std::move(owner)), amounts_(std::move(amounts)) {}
    bool operator==(const account&) const = default;
    MSGPACK_DEFINE(owner_, amounts_);

private:
    std::string owner_;
    std::vector<int> amounts_;
};

struct ledger {
    std::string name;
    std::map<int, account> accounts;
    bool operator==(const ledger&) const = default;
};

// The value that `account` packs, as bin, with the count of its list changed.
outgoing with_count(std::byte high) {
    outgoing message;
    encode(account("x", std::vector<int>(20)), message);  // bin8 len, array 2, str "x", array16 20
    message.bytes.data()[6] = high;
    return message;
}

}  // namespace

TEST_CASE("codec: types with MSGPACK_DEFINE travel, alone and inside others") {
    CHECK(survives(account("ann", {1, -2})));
    CHECK(survives(ledger{"main", {{1, account("ann", {})}, {2, account("bob", {3})}}}));
}

TEST_CASE("codec: a MSGPACK_DEFINE value whose counts pass its bytes is refused before memory is set aside") {
    outgoing message = with_count(std::byte{0xff});
    account arrived;
    CHECK_THROWS_AS(decode(as_incoming(message), arrived), troupe::corrupt);
}

TEST_CASE("codec: a MSGPACK_DEFINE value with any byte changed is refused or read, and nothing else") {
    outgoing message;
    encode(account("somebody", {1, 2, 300, 70000}), message);
    for (std::size_t i = 0; i < message.bytes.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            message.bytes.data()[i] ^= std::byte(1 << bit);
            account arrived;
            try {
                decode(as_incoming(message), arrived);
            } catch (const troupe::corrupt&) {
            }
            message.bytes.data()[i] ^= std::byte(1 << bit);
        }
}
