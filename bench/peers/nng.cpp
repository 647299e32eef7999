// How do troupe's figures stand beside those of nng, between processes?
//
// Settings: the ipc transport on an abstract address, buffers as deep as nng has them (8192 messages; 4 MiB of the
// large ones); pair0 there and back, push0 and pull0 one way; messages are made and read in their place (nng_msg), and
// blocking.

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#include "peer.hpp"

namespace {

void check(int result, const char* what) {
    if (result != 0) throw std::runtime_error(std::string(what) + ": " + nng_strerror(result));
}

enum class role { listens, dials };

class nng_end {
public:
    nng_end(const std::string& address, int (*open)(nng_socket*), role mine, std::size_t bytes) {
        constexpr std::size_t most_waiting = std::size_t{4} << 20;
        const int deepest = bytes > bench::peers::small ? static_cast<int>(most_waiting / bytes) : 8192;
        check(open(&socket_), "open");
        // A protocol that has no such buffer refuses the option.
        nng_socket_set_int(socket_, NNG_OPT_SENDBUF, deepest);
        nng_socket_set_int(socket_, NNG_OPT_RECVBUF, deepest);
        check(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0), "no largest size");
        if (mine == role::listens) {
            check(nng_listen(socket_, address.c_str(), nullptr, 0), "nng_listen");
        } else {
            check(nng_dial(socket_, address.c_str(), nullptr, 0), "nng_dial");
        }
    }
    ~nng_end() { nng_close(socket_); }
    nng_end(const nng_end&) = delete;
    nng_end& operator=(const nng_end&) = delete;

    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        nng_msg* message = nullptr;
        check(nng_msg_alloc(&message, bytes), "nng_msg_alloc");
        write(nng_msg_body(message));
        check(nng_sendmsg(socket_, message, 0), "nng_sendmsg");
    }
    template <class Read>
    void receive(const Read& read) {
        nng_msg* message = nullptr;
        check(nng_recvmsg(socket_, &message, 0), "nng_recvmsg");
        read(nng_msg_body(message), nng_msg_len(message));
        nng_msg_free(message);
    }

private:
    nng_socket socket_{};
};

// Abstract addresses leave no file behind.
std::string new_address() {
    static int made = 0;
    return "abstract://troupe-peer-" + std::to_string(getpid()) + "-" + std::to_string(++made);
}

struct nng {
    static constexpr const char* program = "peer_nng";
    static constexpr const char* settings =
        "ipc, buffers of 8192 messages (4 MiB of large ones), pair0 and push0/pull0, messages made and read in place";
    static constexpr bool takes_large = true;

    struct duplex {
        std::size_t bytes = bench::peers::small;
        std::string address = new_address();
        nng_end first() const { return {address, nng_pair0_open, role::listens, bytes}; }
        nng_end second() const { return {address, nng_pair0_open, role::dials, bytes}; }
    };
    struct one_way {
        explicit one_way(std::size_t each) : bytes(each) {}
        std::size_t bytes;
        std::string address = new_address();
        nng_end sender() const { return {address, nng_push0_open, role::dials, bytes}; }
        nng_end receiver() const { return {address, nng_pull0_open, role::listens, bytes}; }
    };
};

}  // namespace

int main(int argc, char** argv) { return bench::peers::run<nng>("What does nng give?", argc, argv); }
