// The path of a local socket that somebody listens at.
//
// A killed process leaves its path behind. Whoever wants to listen there connects first: if nobody listens, the path is
// taken away, and bound anew. Between the two somebody else could do the same and lose its own new path to us, so all
// of it happens under a lock of the directory (flock), which the system lets go of when its holder dies. Nobody needs
// the lock for removing its own path, because nobody takes that as long as its socket listens.
//
// Killed in the middle: the path is gone, or is there and nobody listens at it. The next one takes it over.
#pragma once

#include <sys/types.h>

#include <string>

#include <troupe/descriptor.hpp>

namespace troupe::io {

class local_path {
public:
    local_path() noexcept = default;
    // Binds a socket to it and listens. Throws io_failed, also if somebody listens there or it is another file.
    local_path(const std::string& path, int backlog, descriptor& listening);
    local_path(local_path&& other) noexcept;
    local_path& operator=(local_path&&) = delete;
    // Removes the path if it is still that of this socket.
    ~local_path();

private:
    std::string path_;  // absolute; empty: none
    dev_t device_ = 0;
    ino_t inode_ = 0;
    pid_t owner_ = 0;  // a copy of the process (start method fork) leaves it alone
};

}  // namespace troupe::io
