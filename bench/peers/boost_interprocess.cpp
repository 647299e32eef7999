// How do troupe's figures stand beside those of the message queue of Boost.Interprocess?
//
// Settings: a queue in each direction, 1024 messages of 64 B deep, or 64 and 8 of the large ones; one priority, so that
// a message is put at the end at once; it blocks on a mutex and conditions that the processes share.

#include <boost/interprocess/ipc/message_queue.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "peer.hpp"

namespace {

namespace ipc = boost::interprocess;
using bench::peers::large;
using bench::peers::small;

constexpr std::size_t depth(std::size_t bytes) { return bytes == small ? 1024 : bytes == large ? 64 : 8; }

// Its name is gone at once: it lives as long as a process maps it.
class line {
public:
    explicit line(std::size_t bytes) : queue_(ipc::create_only, name().c_str(), depth(bytes), bytes) {
        ipc::message_queue::remove(name().c_str());
    }
    ipc::message_queue& queue() { return queue_; }

private:
    static std::string name() { return "troupe-peer-" + std::to_string(getpid()); }

    ipc::message_queue queue_;
};

class queue_end {
public:
    queue_end(line& in, line& out) : in_(in.queue()), out_(out.queue()), message_(in_.get_max_msg_size()) {}

    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        write(message_.data());
        out_.send(message_.data(), bytes, 0);
    }
    template <class Read>
    void receive(const Read& read) {
        ipc::message_queue::size_type bytes = 0;
        unsigned priority = 0;
        in_.receive(message_.data(), message_.size(), bytes, priority);
        read(message_.data(), bytes);
    }

private:
    ipc::message_queue &in_, &out_;
    std::vector<std::byte> message_;
};

struct boost_queues {
    static constexpr const char* program = "peer_boost_interprocess";
    static constexpr const char* settings =
        "message_queue, one priority, blocking, 1024 messages deep (64 of 64 KiB, 8 of 1 MiB)";
    static constexpr bool takes_large = true;

    struct duplex {
        line there{small}, back{small};
        queue_end first() { return {back, there}; }
        queue_end second() { return {there, back}; }
    };
    struct one_way {
        explicit one_way(std::size_t bytes) : only(bytes) {}
        line only;
        queue_end sender() { return {only, only}; }
        queue_end receiver() { return {only, only}; }
    };
};

}  // namespace

int main(int argc, char** argv) {
    return bench::peers::run<boost_queues>("What does the message queue of Boost.Interprocess give?", argc, argv);
}
