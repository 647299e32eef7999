#include "io/local_path.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <troupe/error.hpp>

#include "base/owned_fd.hpp"
#include "base/step.hpp"
#include "io/address.hpp"
#include "io/bound.hpp"
#include "io/endpoint.hpp"
#include "io/failure.hpp"

namespace troupe::io {
namespace {

constexpr int tries_for_lock = 1000;
constexpr useconds_t between_tries = 1000;

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// Others have it for some system calls.
base::owned_fd lock_directory(const std::string& path) {
    const std::string directory = directory_of(path);
    const std::string what = "nobody can listen at unix:" + path;
    base::owned_fd open(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!open) throw failure(what, errno, "its directory " + directory + " must exist and be readable");
    for (int tries = 0; ::flock(open.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
        if (errno != EWOULDBLOCK && errno != EINTR) throw failure(what, errno);
        if (tries == tries_for_lock) throw failure(what, EBUSY, "somebody holds a lock (flock) on " + directory);
        ::usleep(between_tries);
    }
    return open;
}

// An errno; 0: somebody listens.
int probe(const endpoint& there) {
    const base::owned_fd one(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!one) return errno;
    return ::connect(one.get(), there.get(), there.length()) == 0 ? 0 : errno;
}

void remove_if_left_behind(const std::string& path, const endpoint& there) {
    const std::string what = "nobody can listen at unix:" + path;
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0) {
        if (errno == ENOENT) return;
        throw failure(what, errno);
    }
    if (!S_ISSOCK(file.st_mode)) {
        throw failure(what, EEXIST, "what is there is not a socket; take another path, or remove it");
    }
    const int answer = probe(there);
    if (answer == ENOENT) return;
    if (answer == EACCES || answer == EMFILE || answer == ENFILE) throw failure(what, answer);
    if (answer != ECONNREFUSED) {
        throw failure(what, EADDRINUSE, "somebody listens there; close theirs, or take another path");
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw failure(what, errno);
    TROUPE_STEP("listener: path removed");
}

// So that it is found at the end, wherever the process has gone by then.
std::string absolute(const std::string& path) {
    if (path.front() == '/') return path;
    char* const here = ::getcwd(nullptr, 0);
    if (here == nullptr) return path;
    std::string made = std::string(here) + '/' + path;
    std::free(here);
    return made;
}

}  // namespace

local_path::local_path(const std::string& path, int backlog, descriptor& listening) {
    check_path(path);
    const endpoint here = endpoint::local(path);
    const base::owned_fd lock = lock_directory(path);
    remove_if_left_behind(path, here);
    descriptor made = bind_socket(here, SOCK_STREAM, sharing::alone);
    // crash: a path that nobody listens at; the next one takes it over
    TROUPE_STEP("listener: path made");
    if (::listen(made.get(), backlog) != 0) {
        const int error = errno;
        ::unlink(path.c_str());
        throw failure("nobody can listen at unix:" + path, error);
    }
    struct stat file{};
    if (::lstat(path.c_str(), &file) == 0) {
        path_ = absolute(path);
        device_ = file.st_dev;
        inode_ = file.st_ino;
        owner_ = ::getpid();
    }
    listening = std::move(made);
}

local_path::local_path(local_path&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_), owner_(other.owner_) {}

local_path::~local_path() {
    if (path_.empty() || owner_ != ::getpid()) return;
    struct stat file{};
    if (::lstat(path_.c_str(), &file) != 0) return;
    if (file.st_dev == device_ && file.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace troupe::io
