// An actor that waits in Asio's loop: it serves lines over TCP, and asks another actor for the answers.
#include <boost/asio.hpp>
#include <troupe/troupe.hpp>

#include <cstdint>
#include <cstdio>
#include <istream>
#include <memory>
#include <string>
#include <unistd.h>

namespace asio = boost::asio;
using asio::ip::tcp;

struct look_up {
    using reply = std::string;
    std::string name;
};

troupe::task<> phone_book(troupe::mailbox<look_up> inbox) {
    co_await inbox.serve([](look_up wanted) { return wanted.name == "Haruka" ? "765-0876" : "not listed"; });
}

// troupe has its turn whenever it has something to do. What a turn throws comes out of io_context::run.
class turns {
public:
    explicit turns(asio::io_context& loop) : wakeup_(loop, ::dup(troupe::this_actor::wakeup_fd())) { go_on(); }

private:
    void go_on() {
        troupe::this_actor::turn();
        wakeup_.async_wait(wakeup_.wait_read, [this](boost::system::error_code failed) {
            if (!failed) go_on();
        });
    }

    asio::posix::stream_descriptor wakeup_;
};

struct session : std::enable_shared_from_this<session> {
    session(tcp::socket to, troupe::actor<look_up> book) : client(std::move(to)), book(book) {}

    void read() {
        asio::async_read_until(client, came, '\n', [self = shared_from_this()](auto failed, std::size_t) {
            if (failed) return;  // the client has gone
            std::string name;
            std::getline(std::istream(&self->came), name);
            troupe::this_actor::start(answer(self, name));
        });
    }

    static troupe::task<> answer(std::shared_ptr<session> self, std::string name) {
        self->going = co_await self->book.ask(look_up{name}) + "\n";
        asio::async_write(self->client, asio::buffer(self->going), [self](auto failed, std::size_t) {
            if (!failed) self->read();
        });
    }

    tcp::socket client;
    troupe::actor<look_up> book;
    asio::streambuf came;
    std::string going;
};

void accept(tcp::acceptor& from, troupe::actor<look_up> book) {
    from.async_accept([&from, book](auto failed, tcp::socket client) {
        if (!failed) std::make_shared<session>(std::move(client), book)->read();
        accept(from, book);
    });
}

int gateway(troupe::actor<look_up> book, troupe::queue<std::uint16_t> told) {
    static asio::io_context loop;  // outlives the coroutines that are ended when this function has returned
    tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
    accept(acceptor, book);
    troupe::sync_wait(told.put(acceptor.local_endpoint().port()));
    try {
        turns whenever(loop);
        loop.run();
    } catch (const troupe::cancelled&) {
        std::puts("the gateway was asked to end");
    }
    return 0;
}

troupe::task<int> program() {
    troupe::queue<std::uint16_t> told;
    auto book = co_await troupe::spawn<phone_book>();
    auto one = co_await troupe::spawn<gateway>(book, told);
    const std::uint16_t port = *co_await told.get();

    asio::io_context loop;
    tcp::socket server(loop);
    server.connect({asio::ip::address_v4::loopback(), port});
    for (const char* name : {"Haruka", "Nobody"}) {
        asio::write(server, asio::buffer(std::string(name) + "\n"));
        asio::streambuf came;
        asio::read_until(server, came, '\n');
        std::string number;
        std::getline(std::istream(&came), number);
        std::printf("%s: %s\n", name, number.c_str());
        std::fflush(stdout);
    }
    one.stop();
    co_await one.join();
    co_return 0;
}

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
