// A web server: HTTP/1.1, read by http-parser, and a crew of actors that listen at one port. A request that crashes its
// worker costs those who are connected to that worker their connections; the others notice nothing, and the worker is
// started again.
//
// `web_server PORT` serves until Ctrl-C. Without a port it serves itself for a moment, and prints what it was answered.
#include <troupe/troupe.hpp>

#include <http_parser.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

struct request {
    std::string path;
    bool keep_alive = true;
};

// Takes bytes as they come, and gives the requests that are complete.
class request_reader {
public:
    request_reader() {
        http_parser_init(&parser_, HTTP_REQUEST);
        parser_.data = this;
        http_parser_settings_init(&callbacks_);
        callbacks_.on_url = [](http_parser* parser, const char* at, std::size_t length) {
            self(parser).path_.append(at, length);
            return 0;
        };
        callbacks_.on_message_complete = [](http_parser* parser) {
            request_reader& reader = self(parser);
            reader.complete_.push_back({std::exchange(reader.path_, {}), http_should_keep_alive(parser) != 0});
            return 0;
        };
    }
    request_reader(const request_reader&) = delete;
    request_reader& operator=(const request_reader&) = delete;

    // False: this is not HTTP.
    bool feed(std::string_view bytes) {
        return http_parser_execute(&parser_, &callbacks_, bytes.data(), bytes.size()) == bytes.size();
    }
    std::vector<request> take() { return std::exchange(complete_, {}); }

private:
    static request_reader& self(http_parser* parser) { return *static_cast<request_reader*>(parser->data); }

    http_parser parser_{};
    http_parser_settings callbacks_{};
    std::string path_;
    std::vector<request> complete_;
};

std::string response(const char* status, const std::string& body, bool keep_alive) {
    return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(body.size()) + (keep_alive ? "" : "\r\nConnection: close") + "\r\n\r\n" + body;
}

std::string answer(const request& what) {
    if (what.path == "/") return response("200 OK", "hello from " + troupe::this_actor::name() + "\n", what.keep_alive);
    if (what.path == "/crash") std::raise(SIGSEGV);
    return response("404 Not Found", "there is no " + what.path + "\n", what.keep_alive);
}

troupe::task<> converse(troupe::socket client) {
    std::array<char, 8192> bytes;
    request_reader incoming;
    for (bool keep_alive = true; keep_alive;) {
        const std::size_t got = co_await troupe::with_timeout(60s, client.read_some(bytes));
        if (got == 0) break;
        const bool understood = incoming.feed({bytes.data(), got});
        std::string answers;  // to all that came at once
        for (const request& one : incoming.take()) {
            keep_alive = keep_alive && one.keep_alive;
            answers += answer(one);
        }
        if (!understood) answers += response("400 Bad Request", "this is not HTTP\n", keep_alive = false);
        co_await troupe::with_timeout(60s, client.write(answers));
    }
}

troupe::task<> serve_one(troupe::socket client) {
    try {
        co_await converse(std::move(client));
    } catch (const troupe::io_failed&) {
        // it has hung up in the middle
    } catch (const troupe::timed_out&) {
        // it has asked for nothing, or read nothing, for a minute
    }
}

troupe::task<> worker(int port, troupe::queue<int> listening) {
    auto here = troupe::listener::tcp("0.0.0.0", port, {.reuse_port = true});
    if (troupe::this_actor::incarnation() == 0) co_await listening.put(port);
    co_await troupe::task_group::run([&](troupe::task_group& clients) -> troupe::task<> {
        for (;;) {
            try {
                auto client = co_await here.accept();
                clients.start(serve_one(std::move(client)));
            } catch (const troupe::io_failed&) {
                // that one could not be accepted: there was no descriptor left
            }
        }
    });
}

// --- a client, to show it

struct reply {
    int status = 0;
    std::string body;
};

// The reply to one request; a status of 0 if the server hung up.
troupe::task<reply> get(troupe::socket* server, std::string path) {
    reply got;
    try {
        co_await server->write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        std::string line;
        std::size_t length = 0;
        for (bool first = true;; first = false) {
            const bool more = co_await server->read_line(line);
            if (!more || line == "\r") break;
            if (first) got.status = std::stoi(line.substr(line.find(' ')));
            if (line.starts_with("Content-Length:")) length = std::stoul(line.substr(line.find(' ')));
        }
        got.body.resize(length);
        co_await server->read_exactly(got.body);
    } catch (const troupe::io_failed&) {
        got = {};  // a worker that crashes resets its connections
    }
    co_return got;
}

// Connects until somebody else answers than whoever is named.
troupe::task<troupe::socket> connect_to_another(std::string address, std::string than) {
    for (;;) {
        auto server = co_await troupe::socket::connect(address, 5s);
        const reply got = co_await get(&server, "/");
        if (got.status == 200 && got.body != than) co_return server;
    }
}

troupe::task<> show(std::string address) {
    auto first = co_await connect_to_another(address, "");
    const reply by_first = co_await get(&first, "/");
    auto second = co_await connect_to_another(address, by_first.body);
    const reply by_second = co_await get(&second, "/");
    const reply missing = co_await get(&second, "/nothing");
    std::printf("two workers answer: %s\n", by_first.body != by_second.body ? "yes" : "no");
    std::printf("what is not there: %d\n", missing.status);
    const reply crashed = co_await get(&first, "/crash");
    std::printf("the first crashes: %s\n", crashed.status == 0 ? "hung up" : crashed.body.c_str());
    const reply still = co_await get(&second, "/");
    std::printf("the second notices nothing: %s\n", still.body == by_second.body ? "yes" : "no");
    auto again = co_await connect_to_another(address, by_second.body);
    const reply anew = co_await get(&again, "/");
    std::printf("the first is there again: %s\n", anew.body == by_first.body ? "yes" : "no");
}

troupe::task<int> program(std::vector<std::string> arguments) {
    // A port that is free, for the crew to share. It is closed before they start: an actor that is a copy of this process
    // would have a copy of it too, at which connections wait that nobody accepts.
    auto probe = troupe::listener::tcp("0.0.0.0", arguments.empty() ? 0 : std::stoi(arguments[0]), {.reuse_port = true});
    const std::string address = probe.address();
    const std::string digits = address.substr(address.rfind(':') + 1);
    probe.close();

    troupe::supervisor crew({.max_restarts = 100, .window = 10s});
    troupe::queue<int> listening;
    const unsigned workers = std::max(2u, troupe::usable_cpus());
    for (unsigned i = 0; i < workers; ++i) {
        co_await crew.spawn<worker>({.stop_budget = 100ms}, {.name = "worker " + std::to_string(i)}, std::stoi(digits),
                                    listening);  // it has no mailbox that could end
        co_await listening.get();
    }
    if (arguments.empty()) {
        co_await show("tcp:127.0.0.1:" + digits);
    } else {
        std::printf("%u workers serve http://localhost:%s\n", workers, digits.c_str());
        std::fflush(stdout);  // whoever reads it through a pipe may wait for it
        co_await crew.join();
    }
    co_await crew.stop();
    co_return 0;
}

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
