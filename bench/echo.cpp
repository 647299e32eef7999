// How fast does one actor echo 64 B over local TCP, on one connection and on a hundred? floor_echo is the same server,
// written with libuv alone.

#include <troupe/troupe.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "echo_client.hpp"

namespace {

constexpr std::size_t connections = 100;

troupe::task<> echo(troupe::socket client) {
    std::array<char, 4096> bytes;
    try {
        for (;;) {
            const std::size_t got = co_await client.read_some(bytes);
            if (got == 0) break;
            co_await client.write({bytes.data(), got});
        }
    } catch (const troupe::io_failed&) {
        // the client has hung up in the middle, at the end of its time
    }
}

troupe::task<> server(troupe::queue<int> port) {
    const bench::placed here(bench::placement::apart, bench::placed::side::second);
    auto listening = troupe::listener::tcp("127.0.0.1", 0);
    const std::string address = listening.address();
    co_await port.put(std::stoi(address.substr(address.rfind(':') + 1)));
    co_await troupe::task_group::run([&](troupe::task_group& clients) -> troupe::task<> {
        for (;;) {
            auto client = co_await listening.accept();
            clients.start(echo(std::move(client)));
        }
    });
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("How fast does one actor echo 64 B over local TCP?", std::move(arguments), told);
    if (code) co_return *code;
    troupe::queue<int> where;
    const auto one = co_await troupe::spawn<server>(where);
    const auto port = co_await where.get();
    bool right = true;
    {
        const bench::placed here(bench::placement::apart, bench::placed::side::first);
        const auto at = static_cast<std::uint16_t>(port.value());
        right = bench::one_connection("echo", at, one.pid(), told.seconds);
        right = bench::many_connections("echo", at, connections, told.seconds) && right;
    }
    one.terminate();
    co_await one.join();
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
