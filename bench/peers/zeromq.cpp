// How do troupe's figures stand beside ZeroMQ's, between processes?
//
// Settings: ipc on an abstract address, high-water marks off (ZMQ_SNDHWM, ZMQ_RCVHWM 0), but at 4 MiB for the large
// messages, which the caches then hold; one I/O thread a process, which runs where its process does; PAIR there and
// back, PUSH and PULL one way; messages are made and read in their place (zmq_msg_t), and blocking.

#include <zmq.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

#include "peer.hpp"

namespace {

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(zmq_errno(), std::generic_category(), what);
    return result;
}

enum class role { binds, connects };

class zeromq_end {
public:
    zeromq_end(const std::string& address, int type, role mine, std::size_t bytes)
        : context_(zmq_ctx_new()), socket_(zmq_socket(context_, type)) {
        if (socket_ == nullptr) checked(-1, "zmq_socket");
        constexpr std::size_t most_waiting = std::size_t{4} << 20;
        const int mark = bytes > bench::peers::small ? static_cast<int>(most_waiting / bytes) : 0;
        checked(zmq_setsockopt(socket_, ZMQ_SNDHWM, &mark, sizeof mark), "ZMQ_SNDHWM");
        checked(zmq_setsockopt(socket_, ZMQ_RCVHWM, &mark, sizeof mark), "ZMQ_RCVHWM");
        if (mine == role::binds) {
            checked(zmq_bind(socket_, address.c_str()), "zmq_bind");
        } else {
            checked(zmq_connect(socket_, address.c_str()), "zmq_connect");
        }
    }
    ~zeromq_end() {
        zmq_close(socket_);
        zmq_ctx_term(context_);  // after all was sent
    }
    zeromq_end(const zeromq_end&) = delete;
    zeromq_end& operator=(const zeromq_end&) = delete;

    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        zmq_msg_t message;
        checked(zmq_msg_init_size(&message, bytes), "zmq_msg_init_size");
        write(zmq_msg_data(&message));
        checked(zmq_msg_send(&message, socket_, 0), "zmq_msg_send");
    }
    template <class Read>
    void receive(const Read& read) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        checked(zmq_msg_recv(&message, socket_, 0), "zmq_msg_recv");
        read(zmq_msg_data(&message), zmq_msg_size(&message));
        zmq_msg_close(&message);
    }

private:
    void *context_, *socket_;
};

// Abstract addresses leave no file behind.
std::string new_address() {
    static int made = 0;
    return "ipc://@troupe-peer-" + std::to_string(getpid()) + "-" + std::to_string(++made);
}

struct zeromq {
    static constexpr const char* program = "peer_zeromq";
    static constexpr const char* settings =
        "ipc, high-water marks off (at 4 MiB for large messages), one I/O thread a process, PAIR and PUSH/PULL, "
        "messages made and read in place";
    static constexpr bool takes_large = true;

    struct duplex {
        std::size_t bytes = bench::peers::small;
        std::string address = new_address();
        zeromq_end first() const { return {address, ZMQ_PAIR, role::binds, bytes}; }
        zeromq_end second() const { return {address, ZMQ_PAIR, role::connects, bytes}; }
    };
    struct one_way {
        explicit one_way(std::size_t each) : bytes(each) {}
        std::size_t bytes;
        std::string address = new_address();
        zeromq_end sender() const { return {address, ZMQ_PUSH, role::connects, bytes}; }
        zeromq_end receiver() const { return {address, ZMQ_PULL, role::binds, bytes}; }
    };
};

}  // namespace

int main(int argc, char** argv) { return bench::peers::run<zeromq>("What does ZeroMQ give?", argc, argv); }
