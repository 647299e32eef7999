#include "io/address.hpp"

#include <sys/un.h>

#include <charconv>

#include <troupe/error.hpp>

namespace troupe::io {
namespace {

constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t shown = 100;  // of an address that is none

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
    throw misuse("'" + std::string(text.substr(0, shown)) + "' is no address: " + why +
                 "; write it like tcp:127.0.0.1:8080, tcp:[::1]:8080, tcp:example.org:80, udp:127.0.0.1:53 or "
                 "unix:/run/x");
}

std::uint16_t port_in(std::string_view text, std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
        refuse(text, "a port is a number from 0 to 65535, behind the last colon");
    }
    return port;
}

// host:port or [host]:port
void split(std::string_view text, std::string_view rest, address& into) {
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos) refuse(text, "it has no port");
    std::string_view host = rest.substr(0, colon);
    into.port = port_in(text, rest.substr(colon + 1));
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host.empty()) refuse(text, "it names no host");
    if (host.find('\0') != std::string_view::npos) refuse(text, "a host has no zero byte in it");
    if (host.find_first_of("[]/ ") != std::string_view::npos) refuse(text, "its host is neither a name nor a number");
    if (!bracketed && host.find(':') != std::string_view::npos) refuse(text, "an IPv6 number stands in brackets");
    into.host = host;
}

}  // namespace

address address::parse(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view scheme = text.substr(0, colon);
    if (colon == std::string_view::npos || (scheme != "tcp" && scheme != "udp" && scheme != "unix")) {
        refuse(text, "it begins with none of tcp:, udp: and unix:");
    }
    address made;
    const std::string_view rest = text.substr(colon + 1);
    if (scheme == "unix") {
        made.what = kind::local;
        made.path = rest;
        check_path(made.path);
    } else {
        made.what = scheme == "tcp" ? kind::tcp : kind::udp;
        split(text, rest, made);
    }
    return made;
}

std::uint16_t checked_port(int port) {
    constexpr int highest = 65535;
    if (port < 0 || port > highest) {
        throw misuse("a port is a number from 0 to 65535, and 0 is any that is free; " + std::to_string(port) +
                     " is none");
    }
    return static_cast<std::uint16_t>(port);
}

void check_path(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        throw misuse("the path of a local socket is empty or has a zero byte in it; write it like /run/x");
    }
    if (path.size() > longest_path) {
        throw misuse("the path of a local socket has " + std::to_string(path.size()) + " bytes, and the system takes " +
                     std::to_string(longest_path) + " at most; take a shorter one, or go to its directory first");
    }
}

}  // namespace troupe::io
