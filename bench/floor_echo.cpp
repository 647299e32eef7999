// The same as echo, by a server that is written with libuv alone.

#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uv.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "echo_client.hpp"
#include "floor_process.hpp"
#include "floor_ring.hpp"

namespace {

constexpr std::size_t connections = 100;

// One message is under way on each: what is read next comes when this was written.
struct client {
    uv_tcp_t tcp;
    uv_write_t write;
    std::array<char, 4096> bytes;
};

void close_client(uv_handle_t* handle) {
    uv_close(handle, [](uv_handle_t* closed) { delete static_cast<client*>(closed->data); });
}

void echo(uv_stream_t* stream, ssize_t got, const uv_buf_t* read) {
    if (got < 0) return close_client(reinterpret_cast<uv_handle_t*>(stream));
    auto& self = *static_cast<client*>(stream->data);
    const uv_buf_t bytes = uv_buf_init(read->base, static_cast<unsigned>(got));
    if (got > 0) uv_write(&self.write, stream, &bytes, 1, nullptr);
}

void accept(uv_stream_t* listening, int) {
    auto* const one = new client;
    uv_tcp_init(listening->loop, &one->tcp);
    one->tcp.data = one;
    auto* const stream = reinterpret_cast<uv_stream_t*>(&one->tcp);
    if (uv_accept(listening, stream) != 0) return close_client(reinterpret_cast<uv_handle_t*>(stream));
    uv_tcp_nodelay(&one->tcp, 1);
    uv_read_start(
        stream,
        [](uv_handle_t* handle, size_t, uv_buf_t* into) {
            auto& self = *static_cast<client*>(handle->data);
            *into = uv_buf_init(self.bytes.data(), static_cast<unsigned>(self.bytes.size()));
        },
        &echo);
}

void serve(std::atomic<int>& port) {
    uv_loop_t* const loop = uv_default_loop();
    uv_tcp_t listening;
    uv_tcp_init(loop, &listening);
    sockaddr_in here{};
    uv_ip4_addr("127.0.0.1", 0, &here);
    uv_tcp_bind(&listening, reinterpret_cast<const sockaddr*>(&here), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(&listening), 4096, &accept);
    int length = sizeof here;
    uv_tcp_getsockname(&listening, reinterpret_cast<sockaddr*>(&here), &length);
    port.store(ntohs(here.sin_port), std::memory_order_relaxed);  // relaxed: nothing else is published by it
    uv_run(loop, UV_RUN_DEFAULT);
}

}  // namespace

int main(int argc, char** argv) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("How fast does a server that is written with libuv alone echo 64 B over local TCP?",
                                    std::vector<std::string>(argv + 1, argv + argc), told);
    if (code) return *code;
    const bench::shared<std::atomic<int>> port;
    const bench::side_process server([&] {
        const bench::placed here(bench::placement::apart, bench::placed::side::second);
        serve(*port);
    });
    while (port->load(std::memory_order_relaxed) == 0) usleep(1000);  // relaxed: see above
    bool right = true;
    {
        const bench::placed here(bench::placement::apart, bench::placed::side::first);
        const auto at = static_cast<std::uint16_t>(port->load(std::memory_order_relaxed));  // relaxed: see above
        right = bench::one_connection("floor_echo", at, server.pid(), told.seconds);
        right = bench::many_connections("floor_echo", at, connections, told.seconds) && right;
    }
    kill(server.pid(), SIGKILL);
    return right ? 0 : 1;
}
