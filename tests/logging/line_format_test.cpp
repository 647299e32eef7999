#include "logging/line_format.hpp"

#include <chrono>
#include <cstring>
#include <string>

#include "catch.hpp"
#include "logging/entry.hpp"

using namespace std::chrono_literals;
using troupe::log_level;
using troupe::log_line;

namespace {

std::chrono::system_clock::time_point at(std::chrono::microseconds since_1970) {
    return std::chrono::system_clock::time_point(since_1970);
}

// The record as a writer leaves it.
struct stored {
    explicit stored(const troupe::logging::entry_head& head, std::string_view name, std::string_view text)
        : bytes(troupe::logging::entry_bytes(name, text), '\0') {
        troupe::logging::write_entry(payload(), head, name, text);
    }
    std::byte* payload() { return reinterpret_cast<std::byte*>(bytes.data()); }
    auto read() {
        return troupe::logging::read_entry(
            {0, payload(), static_cast<std::uint32_t>(bytes.size()), troupe::logging::line_record});
    }
    std::string bytes;
};

}  // namespace

TEST_CASE("line: the time is UTC, to the microsecond") {
    const log_line line{
        .time = at(1'764'504'172'000'042us), .level = log_level::warning, .actor = "clerk", .pid = 7, .text = "x"};
    CHECK(to_string(line) == "2025-11-30T12:02:52.000042Z warning clerk[7] x");
    const log_line early{.time = at(-1us), .level = log_level::info, .actor = "a", .pid = 1, .text = ""};
    CHECK(to_string(early) == "1969-12-31T23:59:59.999999Z info a[1] ");
}

TEST_CASE("line: control characters are written so that they do nothing, in names too") {
    const log_line line{.level = log_level::verbose, .actor = "a\nb", .pid = 1, .text = "\r\n\t\x1b\x7f \xc3\xa9"};
    CHECK(to_string(line) == "1970-01-01T00:00:00.000000Z verbose a\\nb[1] \\r\\n\\t\\x1b\\x7f \xc3\xa9");
}

TEST_CASE("line: a text that was cut says how much is missing") {
    const log_line line{.level = log_level::error, .actor = "a", .pid = 1, .text = "x", .cut = 12};
    CHECK(to_string(line) == "1970-01-01T00:00:00.000000Z error a[1] x ... (12 more bytes)");
}

TEST_CASE("line: what is stored in the ring is read again") {
    stored one({.time = 5'000, .dropped = 3, .cut = 1, .pid = 9, .level = log_level::error, .name_bytes = 5}, "clerk",
               "the text");
    const auto read = one.read();
    REQUIRE(read);
    CHECK(read->line.actor == "clerk");
    CHECK(read->line.text == "the text");
    CHECK(read->line.pid == 9);
    CHECK(read->line.cut == 1);
    CHECK(read->head.dropped == 3);
    CHECK(read->line.time == at(5us));
}

TEST_CASE("line: bytes that no writer stored are no line") {
    const troupe::logging::entry_head sound{.level = log_level::info, .name_bytes = 1};
    for (const int what : {0, 1, 2, 3}) {
        stored one(sound, "a", "b");
        if (what == 0) one.bytes.resize(sizeof sound - 1);
        if (what == 1) one.bytes[offsetof(troupe::logging::entry_head, level)] = 4;
        if (what == 2) one.bytes[offsetof(troupe::logging::entry_head, name_bytes)] = 3;  // more than there is
        if (what == 3) one.bytes[offsetof(troupe::logging::entry_head, name_bytes)] = 64;
        CHECK_FALSE(one.read());
    }
}
