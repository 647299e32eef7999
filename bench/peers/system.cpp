// How do troupe's figures stand beside what the system itself offers between processes: a pipe, a Unix socket, a POSIX
// message queue?
//
// Settings: a pipe of 1 MiB (F_SETPIPE_SZ, the most that every user may have) and a SOCK_STREAM socket take a write a
// message, and are read as far as there is something; with several senders the socket is a SOCK_SEQPACKET, which keeps
// messages apart; message queues are as deep as the system allows. All of it blocks.

#include <fcntl.h>
#include <mqueue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "peer.hpp"

namespace {

using bench::checked;
using bench::peers::large;
using bench::peers::larger;
using bench::peers::small;

// One end of streams of bytes, which carry messages of one size. The descriptors belong to its link.
class stream_end {
public:
    stream_end(int in, int out, std::size_t size)
        : in_(in), out_(out), size_(size), outgoing_(size), incoming_(std::max(size, large)) {}

    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        write(outgoing_.data());
        for (std::size_t done = 0; done < bytes;)
            done += static_cast<std::size_t>(checked(::write(out_, outgoing_.data() + done, bytes - done), "write"));
    }
    template <class Read>
    void receive(const Read& read) {
        while (end_ - begin_ < size_) {
            if (incoming_.size() - begin_ < size_) {  // what there is of a message moves to the front
                std::memmove(incoming_.data(), incoming_.data() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            }
            const long more = checked(::read(in_, incoming_.data() + end_, incoming_.size() - end_), "read");
            if (more == 0) throw std::system_error(EPIPE, std::system_category(), "read");
            end_ += static_cast<std::size_t>(more);
        }
        read(incoming_.data() + begin_, size_);
        begin_ += size_;
        if (begin_ == end_) begin_ = end_ = 0;
    }

private:
    int in_, out_;
    std::size_t size_, begin_ = 0, end_ = 0;
    std::vector<std::byte> outgoing_, incoming_;
};

// Two descriptors, closed together: an input and an output, or the two sides of a socket.
class two_descriptors {
public:
    explicit two_descriptors(const std::array<int, 2>& both) : both_(both) {}
    ~two_descriptors() {
        for (const int one : both_) close(one);
    }
    two_descriptors(const two_descriptors&) = delete;
    two_descriptors& operator=(const two_descriptors&) = delete;
    int operator[](std::size_t i) const { return both_[i]; }

private:
    std::array<int, 2> both_;
};

std::array<int, 2> new_pipe() {
    constexpr int most = 1 << 20;
    std::array<int, 2> both{};
    checked(pipe2(both.data(), O_CLOEXEC), "pipe2");
    fcntl(both[1], F_SETPIPE_SZ, most);  // refused to who has many: then it is as small as before
    return both;
}

std::array<int, 2> new_socket(int type) {
    std::array<int, 2> both{};
    checked(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, both.data()), "socketpair");
    return both;
}

struct pipes {
    static constexpr const char* program = "peer_pipe";
    static constexpr const char* settings =
        "blocking, 1 MiB a pipe, a write a message, reads of up to 64 KiB or a message";
    static constexpr bool takes_large = true;

    struct duplex {
        two_descriptors there{new_pipe()}, back{new_pipe()};
        stream_end first() const { return {back[0], there[1], small}; }
        stream_end second() const { return {there[0], back[1], small}; }
    };
    struct one_way {
        explicit one_way(std::size_t bytes) : size(bytes) {}
        std::size_t size;
        two_descriptors line{new_pipe()};
        stream_end sender() const { return {-1, line[1], size}; }  // what is no larger than PIPE_BUF never mixes
        stream_end receiver() const { return {line[0], -1, size}; }
    };
};

// An end of a socket that keeps messages apart.
class packet_end {
public:
    explicit packet_end(int socket) : socket_(socket) {}
    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        write(packet_.data());
        checked(::send(socket_, packet_.data(), bytes, MSG_NOSIGNAL), "send");
    }
    template <class Read>
    void receive(const Read& read) {
        read(packet_.data(),
             static_cast<std::size_t>(checked(recv(socket_, packet_.data(), packet_.size(), 0), "recv")));
    }

private:
    int socket_;
    std::array<std::byte, small> packet_{};
};

struct unix_socket {
    static constexpr const char* program = "peer_unix";
    static constexpr const char* settings =
        "blocking, SOCK_STREAM, a write a message, reads of up to 64 KiB or a message; 4 senders: SOCK_SEQPACKET";
    static constexpr bool takes_large = true;

    struct duplex {
        two_descriptors sides{new_socket(SOCK_STREAM)};
        stream_end first() const { return {sides[0], sides[0], small}; }
        stream_end second() const { return {sides[1], sides[1], small}; }
    };
    struct one_way {
        explicit one_way(std::size_t bytes) : size(bytes) {}
        std::size_t size;
        two_descriptors sides{new_socket(SOCK_STREAM)};
        stream_end sender() const { return {-1, sides[0], size}; }
        stream_end receiver() const { return {sides[1], -1, size}; }
    };
    struct many_to_one {
        two_descriptors sides{new_socket(SOCK_SEQPACKET)};
        packet_end sender() const { return packet_end(sides[0]); }
        packet_end receiver() const { return packet_end(sides[1]); }
    };
};

// A queue that has no name: it lives as long as somebody has it open.
class message_queue {
public:
    message_queue() {
        const std::string name = "/troupe-peer-" + std::to_string(getpid());
        for (const long depth : {1024L, 10L}) {  // the second is what every user may have
            mq_attr wanted{};
            wanted.mq_maxmsg = depth;
            wanted.mq_msgsize = small;
            queue_ = mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &wanted);
            if (queue_ >= 0) break;
        }
        checked(queue_, "mq_open");
        mq_unlink(name.c_str());
    }
    ~message_queue() { mq_close(queue_); }
    message_queue(const message_queue&) = delete;
    message_queue& operator=(const message_queue&) = delete;
    mqd_t descriptor() const { return queue_; }

private:
    mqd_t queue_ = -1;
};

class queue_end {
public:
    queue_end(const message_queue& in, const message_queue& out) : in_(in.descriptor()), out_(out.descriptor()) {}
    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        write(message_.data());
        checked(mq_send(out_, message_.data(), bytes, 0), "mq_send");
    }
    template <class Read>
    void receive(const Read& read) {
        const long bytes = checked(mq_receive(in_, message_.data(), message_.size(), nullptr), "mq_receive");
        read(message_.data(), static_cast<std::size_t>(bytes));
    }

private:
    mqd_t in_, out_;
    std::array<char, small> message_{};
};

struct posix_queues {
    static constexpr const char* program = "peer_mq";
    static constexpr const char* settings =
        "blocking, one priority, 1024 messages of 64 B a queue where the system allows it, else 10";
    static constexpr bool takes_large = false;  // a message is at most as large as /proc/sys/fs/mqueue says: 8 KiB

    struct duplex {
        message_queue there, back;
        queue_end first() const { return {back, there}; }
        queue_end second() const { return {there, back}; }
    };
    struct one_way {
        explicit one_way(std::size_t) {}
        message_queue line;
        queue_end sender() const { return {line, line}; }
        queue_end receiver() const { return {line, line}; }
    };
};

}  // namespace

int main(int argc, char** argv) {
    return bench::peers::run<pipes, unix_socket, posix_queues>("What do the system's own pipes and queues give?", argc,
                                                               argv);
}
