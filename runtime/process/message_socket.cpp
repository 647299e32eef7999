#include "process/message_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/system_failure.hpp"

namespace troupe::process {
namespace {

union control_buffer {
    char bytes[CMSG_SPACE(most_descriptors * sizeof(int))];
    cmsghdr aligned;
};

}  // namespace

socket_pair make_socket_pair() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        throw base::system_failure(errno, "a socket cannot be made");
    }
    return {base::above_standard(base::owned_fd(ends[0])), base::above_standard(base::owned_fd(ends[1]))};
}

bool send_message(int socket, std::span<const std::byte> bytes, std::span<const int> descriptors, bool wait) noexcept {
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    control_buffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        const std::size_t length = descriptors.size() * sizeof(int);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(length);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(length);
        std::memcpy(CMSG_DATA(header), descriptors.data(), length);
    }
    ssize_t sent = 0;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(bytes.size());
}

received receive_message(int socket, std::span<std::byte> into, bool wait) noexcept {
    iovec part{into.data(), into.size()};
    control_buffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    received result;
    do {
        result.bytes = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (result.bytes < 0 && errno == EINTR);
    if (result.bytes < 0) {
        result.error = errno;
        return result;
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = std::min((header->cmsg_len - CMSG_LEN(0)) / sizeof(int), most_descriptors);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            result.descriptors[result.descriptor_count++] = base::above_standard(base::owned_fd(fd));
        }
    }
    // A message whose descriptors did not fit into this process's table arrives without them.
    if ((message.msg_flags & MSG_CTRUNC) != 0) result.error = EMFILE;
    return result;
}

}  // namespace troupe::process
