// How numbers, times and the names that a program has given are written for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tool {

// Without control characters and what is not UTF-8: what comes from a program must not reach a terminal as it is.
std::string printable(std::string_view text);

// 1,000
std::string grouped(std::uint64_t number);
// "1 message", "1,000 messages"
std::string counted(std::uint64_t number, std::string_view noun);
// 412 ms, 12.3 s, 2:14, 23:57:46, 3 d 04:05
std::string duration(double seconds);
// How long ago that was, both by the monotonic clock; "-" where it is not known.
std::string age(std::optional<double> moment, double now);
// 512 B, 1.1 MiB
std::string amount(std::uint64_t bytes);
// 12.5, or 0
std::string rate(double per_second);
// inspected::poke as poke
std::string short_type(const std::string& type);
// "a, b"; `none` where there are none
std::string joined(const std::vector<std::string>& parts, std::string_view none = "-");
// file.cpp:12, without the folders; empty where it is not known
std::string at_place(const std::string& file, int line);

// Now, by the monotonic clock, in seconds.
double monotonic_now();

}  // namespace troupe::tool
