#include <troupe/watch.hpp>

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include <troupe/error.hpp>

#include "base/owned_fd.hpp"
#include "io/attendance.hpp"
#include "io/failure.hpp"

namespace troupe {
namespace {

constexpr std::uint32_t of_entries = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t of_itself = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::size_t room_for_events = 16 * 1024;

[[noreturn]] void refuse(const std::string& path, int error) {
    const std::string what = "'" + path + "' cannot be watched";
    switch (error) {
    case ENOENT: throw io::failure(what, error, "its directory must be there");
    case ENOSPC:
        throw io::failure(what, error, "the user has too many watches; raise fs.inotify.max_user_watches (sysctl)");
    case EMFILE:
        throw io::failure(what, error,
                          "raise the limit of open files (ulimit -n) or fs.inotify.max_user_instances (sysctl)");
    default: throw io::failure(what, error);
    }
}

bool is_directory(const std::string& path) noexcept {
    struct stat file{};
    return ::stat(path.c_str(), &file) == 0 && S_ISDIR(file.st_mode);
}

}  // namespace

// A directory under inotify, and of which of its entries is told.
class watch::core {
public:
    explicit core(const std::string& path) : path_(path), fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
        if (!fd_) refuse(path_, errno);
        std::string directory = path_;
        if (!is_directory(path_)) {
            const std::size_t slash = path_.rfind('/');
            only_ = path_.substr(slash == std::string::npos ? 0 : slash + 1);
            directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
            prefix_ = slash == std::string::npos ? "" : directory;
        } else {
            prefix_ = path_.back() == '/' ? path_ : path_ + '/';
        }
        if (::inotify_add_watch(fd_.get(), directory.c_str(), of_entries | of_itself | IN_ONLYDIR) < 0) {
            refuse(path_, errno);
        }
    }

    int fd() const noexcept { return fd_.get(); }
    io::attendance& attended() noexcept { return attendance_; }

    // False: not yet. Throws io_failed when there will be none any more.
    bool try_next(change& into) {
        if (known_.empty() && !gone_) take_events();
        if (known_.empty()) {
            if (!gone_) return false;
            throw io_failed("'" + path_ +
                                "' is not watched any more: it, or its directory, was removed or renamed; "
                                "make a new watch when it is there again",
                            ENOENT);
        }
        into = std::move(known_.front());
        known_.pop_front();
        return true;
    }

private:
    void take_events() {
        alignas(inotify_event) char room[room_for_events];
        const ssize_t got = ::read(fd_.get(), room, sizeof room);
        if (got < 0 && errno != EAGAIN && errno != EINTR) refuse(path_, errno);
        for (ssize_t at = 0; at < got;) {
            const auto* event = reinterpret_cast<const inotify_event*>(room + at);
            note(*event);
            at += static_cast<ssize_t>(sizeof *event + event->len);
        }
    }

    void note(const inotify_event& event) {
        if ((event.mask & IN_Q_OVERFLOW) != 0) return add({change::lost_changes, path_});
        if ((event.mask & of_itself) != 0) {
            gone_ = true;
            return;
        }
        const std::string name = event.len != 0 ? event.name : "";
        if (!only_.empty() && name != only_) return;
        const bool removed = (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
        add({removed ? change::removed : change::written, prefix_ + name});
    }

    void add(change one) {
        if (!known_.empty() && known_.back().how == one.how && known_.back().path == one.path) return;
        known_.push_back(std::move(one));
    }

    std::string path_;
    std::string prefix_;  // of the entries' paths
    std::string only_;    // the entry that is told of; empty: all
    base::owned_fd fd_;
    std::deque<change> known_;
    bool gone_ = false;
    io::attendance attendance_;
};

void watch::end_core::operator()(core* one) const noexcept { delete one; }

namespace {

task<change> next_of(io::attendance::place place, watch::core* from) {
    place.expect_open();
    change next;
    while (!from->try_next(next)) co_await io::attendance::ready(place, from->fd(), detail::until::readable);
    co_return next;
}

}  // namespace

watch::watch(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        throw misuse("what is watched is a path, which is neither empty nor has it a zero byte in it");
    }
    core_.reset(new core(path));
}

task<change> watch::next() {
    if (core_ == nullptr) throw misuse("this watch is empty: it was moved from, closed or never opened");
    return next_of(io::attendance::place(core_->attended()), core_.get());
}

void watch::close() noexcept { core_.reset(); }

}  // namespace troupe
