// The floor's processes: a bare fork, and a small server that clones itself on request.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace bench {

inline long checked(long result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::system_category(), what);
    return result;
}

// Runs `body` in a child, which does not outlive this process; joined at the end of the scope.
class side_process {
public:
    template <class Body>
    explicit side_process(const Body& body) : pid_(static_cast<pid_t>(checked(fork(), "fork"))) {
        if (pid_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        body();
        _exit(0);
    }
    ~side_process() { waitpid(pid_, nullptr, 0); }
    side_process(const side_process&) = delete;
    side_process& operator=(const side_process&) = delete;

    pid_t pid() const noexcept { return pid_; }

private:
    pid_t pid_;
};

// Learns of a child's end through its pidfd, as an event loop would, and closes that. True if it ended well.
inline bool joined(int pidfd) {
    pollfd event{pidfd, POLLIN, 0};
    checked(poll(&event, 1, -1), "poll");
    siginfo_t how{};
    checked(waitid(P_PIDFD, static_cast<id_t>(pidfd), &how, WEXITED), "waitid");
    close(pidfd);
    return how.si_code == CLD_EXITED && how.si_status == 0;
}

// Clones the calling process: 0 in the child. The child is this process's, or its parent's (`flags`: CLONE_PARENT).
inline long clone_with_pidfd(int& pidfd, std::uint64_t flags) {
    clone_args arguments{};
    arguments.flags = CLONE_PIDFD | flags;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    arguments.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;  // the kernel takes the server's own
    return syscall(SYS_clone3, &arguments, sizeof arguments);
}

// A process that has touched little memory, so that its clone copies few page tables. Its clones are our children.
class clone_server {
public:
    clone_server() {
        checked(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()), "socketpair");
        pid_ = static_cast<pid_t>(checked(fork(), "fork"));
        if (pid_ == 0) {
            close(ends_[0]);
            serve(ends_[1]);
        }
        close(ends_[1]);
    }
    ~clone_server() {
        close(ends_[0]);
        waitpid(pid_, nullptr, 0);
    }
    clone_server(const clone_server&) = delete;
    clone_server& operator=(const clone_server&) = delete;

    // The pidfd of a new child, which ends at once.
    int start() const {
        const char request = 's';
        checked(write(ends_[0], &request, 1), "write");
        char answer = 0;
        iovec bytes{&answer, 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        checked(recvmsg(ends_[0], &message, MSG_CMSG_CLOEXEC), "recvmsg");
        const cmsghdr* header = CMSG_FIRSTHDR(&message);
        if (header == nullptr) throw std::system_error(EPROTO, std::system_category(), "clone");
        int pidfd = -1;
        std::memcpy(&pidfd, CMSG_DATA(header), sizeof pidfd);
        return pidfd;
    }

private:
    [[noreturn]] static void serve(int requests) {
        char request = 0;
        while (read(requests, &request, 1) == 1) {
            int pidfd = -1;
            const long child = clone_with_pidfd(pidfd, CLONE_PARENT);
            if (child == 0) _exit(0);
            send_descriptor(requests, child < 0 ? -1 : pidfd);
            if (child > 0) close(pidfd);
        }
        _exit(0);
    }
    static void send_descriptor(int to, int descriptor) {
        char answer = 'p';
        iovec bytes{&answer, 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        if (descriptor >= 0) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof descriptor);
            std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
        }
        if (sendmsg(to, &message, MSG_NOSIGNAL) < 0) _exit(1);
    }

    std::array<int, 2> ends_{};
    pid_t pid_ = 0;
};

}  // namespace bench
