#include <troupe/files.hpp>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include <troupe/error.hpp>

#include "base/owned_fd.hpp"
#include "base/step.hpp"
#include "io/failure.hpp"

namespace troupe {
namespace {

constexpr std::size_t piece = std::size_t{1} << 20;
constexpr int most_links = 40;                // in a row, as the system follows them
constexpr std::size_t smallest_piece = 4096;  // what says that it has no size, as in /proc, may have content

[[noreturn]] void refuse(const char* what, const std::string& path, int error) {
    const std::string doing = std::string("the file '") + path + "' cannot be " + what;
    switch (error) {
    case ENOENT: throw io::failure(doing, error, "look at the path, and at where the process is (getcwd)");
    case EACCES:
    case EPERM: throw io::failure(doing, error, "the user of this process needs the right to do that");
    default: throw io::failure(doing, error);
    }
}

void expect_path(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        throw misuse("a path of a file is neither empty nor has it a zero byte in it");
    }
}

[[noreturn]] void refuse_size(const std::string& path, std::size_t limit) {
    throw too_large("the file '" + path + "' has more than " + std::to_string(limit) +
                    " bytes; raise the limit of read_file, or read it in parts (input_stream)");
}

// Where the file is, or will be, that a link leads to; the path itself if there is none.
std::string followed(const std::string& path) {
    std::string at = path;
    for (int links = 0; links < most_links; ++links) {
        const std::unique_ptr<char, decltype(&::free)> real(::realpath(at.c_str(), nullptr), &::free);
        if (real != nullptr) return real.get();
        if (errno != ENOENT) return at;
        char target[PATH_MAX];
        const ssize_t length = ::readlink(at.c_str(), target, sizeof target);
        if (length <= 0) return at;
        const std::string_view next(target, static_cast<std::size_t>(length));
        at = (next.front() == '/' ? "" : at.substr(0, at.rfind('/') + 1)).append(next);
    }
    return at;
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// What a program runs as is its owner's to say (set-user-ID): not that of another one.
mode_t rights_kept(int made, const struct stat& before) noexcept {
    struct stat now{};
    const bool same_owner = ::fstat(made, &now) == 0 && now.st_uid == before.st_uid && now.st_gid == before.st_gid;
    return same_owner ? mode_t{07777} : mode_t{0777};
}

int write_all(int fd, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), (std::min)(bytes.size(), piece));
        if (written < 0 && errno != EINTR) return errno;
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

// The new content, in a file without a name until it is complete: if this process is killed before that, nothing is
// left.
class replacement {
public:
    replacement(const std::string& target, mode_t mode) : target_(target), directory_(directory_of(target)) {
        fd_.reset(::open(directory_.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
        // A file system that knows no files without a name.
        if (!fd_ && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) make_named(mode);
        if (!fd_) refuse("written", target_, errno);
    }
    ~replacement() {
        if (!name_.empty()) ::unlink(name_.c_str());
    }
    replacement(const replacement&) = delete;
    replacement& operator=(const replacement&) = delete;

    int fd() const noexcept { return fd_.get(); }

    // crash: between the link and the rename a file with all of the content is left beside it, under a hidden name
    void take_place() {
        if (name_.empty()) link();
        TROUPE_STEP("write_file: complete");
        if (!name_.empty() && ::rename(name_.c_str(), target_.c_str()) != 0) refuse("replaced", target_, errno);
        name_.clear();
    }

private:
    // The next hidden name that is free, as far as `make` says. An errno.
    template <class Make>
    int under_free_name(Make make) {
        const std::size_t begin = target_.rfind('/') + 1;  // 0 if there is none
        for (int i = 0;; ++i) {
            const std::string name = target_.substr(0, begin) + '.' + target_.substr(begin, 200) + '.' +
                                     std::to_string(::getpid()) + '.' + std::to_string(i);
            if (make(name.c_str())) {
                name_ = name;
                return 0;
            }
            if (errno != EEXIST) return errno;
        }
    }

    void make_named(mode_t mode) {
        errno = under_free_name([&](const char* name) {
            fd_.reset(::open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode));
            return static_cast<bool>(fd_);
        });
    }

    void link() {
        char self[32];
        std::snprintf(self, sizeof self, "/proc/self/fd/%d", fd_.get());
        const auto link_to = [&](const char* name) {
            return ::linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
        };
        if (link_to(target_.c_str())) return;  // there was nothing to replace
        const int error = errno != EEXIST ? errno : under_free_name(link_to);
        if (error != 0) refuse("written", target_, error);
    }

    std::string target_, directory_;
    std::string name_;  // beside the target; empty: none
    base::owned_fd fd_;
};

}  // namespace

std::string read_file(const std::string& path, std::size_t limit) {
    expect_path(path);
    const base::owned_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) refuse("read", path, errno);
    struct stat file{};
    ::fstat(fd.get(), &file);
    const auto size = S_ISREG(file.st_mode) ? static_cast<std::size_t>(file.st_size) : 0;
    if (size > limit) refuse_size(path, limit);
    std::string content;
    std::size_t filled = 0;
    for (;;) {
        if (filled == content.size()) content.resize((std::max)({size + 1, filled * 2, smallest_piece}));
        const ssize_t got = ::read(fd.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) refuse("read", path, errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
        if (filled > limit) refuse_size(path, limit);
    }
    content.resize(filled);
    return content;
}

void write_file(const std::string& path, std::string_view content) {
    expect_path(path);
    const std::string target = followed(path);
    struct stat file{};
    const bool exists = ::stat(target.c_str(), &file) == 0;
    if (!exists && errno != ENOENT) refuse("written", path, errno);
    if (exists && !S_ISREG(file.st_mode)) {
        throw misuse("'" + path + "' is not a plain file, and cannot be replaced; write to it with output_stream");
    }
    replacement made(target, 0666);
    if (exists && ::fchmod(made.fd(), file.st_mode & rights_kept(made.fd(), file)) != 0) refuse("written", path, errno);
    if (const int error = write_all(made.fd(), content)) refuse("written", path, error);
    if (::fsync(made.fd()) != 0) refuse("written", path, errno);
    made.take_place();
}

}  // namespace troupe
