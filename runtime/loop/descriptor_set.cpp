#include "loop/descriptor_set.hpp"

#include <troupe/detail/descriptor_wait.hpp>
#include <troupe/error.hpp>

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "base/system_failure.hpp"
#include "loop/event_loop.hpp"
#include "loop/uv_watch.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::loop {
namespace {

using detail::until;

constexpr std::size_t events_at_a_time = 128;

std::uint32_t event_of(until what) noexcept { return what == until::readable ? EPOLLIN : EPOLLOUT; }

bool ends(std::uint32_t events, until what) noexcept { return (events & (event_of(what) | EPOLLERR | EPOLLHUP)) != 0; }

// Where all of them wait for bytes of one socket, for the second time or later: its watch.
detail::kept_watch* to_be_kept(const std::vector<detail::descriptor_wait*>& waiting) noexcept {
    if (waiting.empty()) return nullptr;
    detail::kept_watch* const first = waiting.front()->kept();
    for (const detail::descriptor_wait* one : waiting) {
        if (one->kept() != first || one->what() != until::readable) return nullptr;
    }
    if (first == nullptr || first->barred) return nullptr;
    return std::exchange(first->had_wait, true) ? first : nullptr;
}

std::uint64_t name_of(int fd, std::uint32_t added) noexcept {
    return std::uint64_t{added} << 32 | static_cast<std::uint32_t>(fd);
}

[[noreturn]] void refuse(const std::string& what, int error) {
    throw io_failed(base::system_failure(error, what).what(), error);
}

base::owned_fd make_set() {
    base::owned_fd set(::epoll_create1(EPOLL_CLOEXEC));
    if (!set) refuse("the set of descriptors that are waited for cannot be made", errno);
    return set;
}

[[noreturn]] void throw_not_open(int fd) {
    throw misuse("descriptor " + std::to_string(fd) +
                 " is not open: keep a descriptor open until the wait for it has ended");
}

}  // namespace

// It stands in libuv's own set before anything stands in it, and not only when libuv comes to that: so a descriptor by
// which the loop would wait for itself is refused here, and not found by libuv, which aborts then. It would too if
// there were too many watches by then.
descriptor_set::descriptor_set(event_loop& of)
    : of_(of), set_(make_set()), watch_(open_watch(of.uv(), set_.get(), UV_READABLE, &answer, this)) {
    epoll_event readable{};
    readable.events = EPOLLIN;
    readable.data.fd = set_.get();
    if (::epoll_ctl(uv_backend_fd(of.uv()), EPOLL_CTL_ADD, set_.get(), &readable) == 0) return;
    const int error = errno;
    close_watch(watch_);
    refuse("the set of descriptors that are waited for cannot be watched", error);
}

descriptor_set::~descriptor_set() { close_watch(watch_); }

void descriptor_set::enlist(detail::descriptor_wait& one) {
    entry& its = entries_[one.fd()];
    its.waiting.push_back(&one);
    one.link(newest_);
    if (its.kept != nullptr && its.kept == one.kept() && one.what() == until::readable) {
        if (std::exchange(its.came_early, false)) one.confirm();
        return;
    }
    try {
        arm(one.fd());
    } catch (...) {
        leave(one);
        throw;
    }
}

void descriptor_set::end(detail::kept_watch& one) noexcept {
    const auto found = entries_.find(one.fd);
    if (found == entries_.end() || found->second.kept != &one) return;
    found->second.kept = nullptr;
    ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, one.fd, nullptr);
}

void descriptor_set::leave(detail::descriptor_wait& one) noexcept {
    const auto its = entries_.find(one.fd());
    if (its == entries_.end()) return;
    std::vector<detail::descriptor_wait*>& waiting = its->second.waiting;
    const auto found = std::find(waiting.begin(), waiting.end(), &one);
    if (found == waiting.end()) return;  // it waits in the process that the user's own code has forked this one from
    waiting.erase(found);
    one.unlink(newest_);
}

void descriptor_set::describe(wait_notes& into) const noexcept {
    for (const detail::descriptor_wait* one = newest_; one != nullptr; one = one->older()) {
        const base::waited_for what{.kind = base::waiting_kind::descriptor,
                                    .of = static_cast<std::uint64_t>(one->fd())};
        if (!into.add(*one, what)) return;
    }
}

void descriptor_set::arm_again(const detail::descriptor_wait& one) { arm(one.fd()); }

// For all that are listed, since one call sets what the entry is armed for.
void descriptor_set::arm(int fd) {
    entry& its = entries_[fd];
    its.kept = nullptr;
    detail::kept_watch* const kept = to_be_kept(its.waiting);
    epoll_event wanted{};
    wanted.events = kept != nullptr ? EPOLLET : EPOLLONESHOT;
    for (const detail::descriptor_wait* one : its.waiting) wanted.events |= event_of(one->what());
    const auto call = [&](int operation) {
        if (operation == EPOLL_CTL_ADD) ++its.added;
        wanted.data.u64 = name_of(fd, its.added);
        return ::epoll_ctl(set_.get(), operation, fd, &wanted);
    };
    int failed = call(its.added != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
    if (failed != 0 && errno == ENOENT) failed = call(EPOLL_CTL_ADD);
    if (failed == 0) {
        its.kept = kept;
        its.came_early = false;
        if (kept != nullptr) kept->fd = fd;
        return;
    }
    if (errno == EPERM) {  // no set takes a plain file or the like, and poll says that it is always ready
        for (detail::descriptor_wait* one : its.waiting) one->confirm();
        return;
    }
    if (errno == EBADF) throw_not_open(fd);
    if (errno == ELOOP || errno == EINVAL) {
        throw misuse("descriptor " + std::to_string(fd) +
                     " watches this process's own loop, which would wait for itself: wait for it in another process");
    }
    refuse("descriptor " + std::to_string(fd) + " cannot be watched", errno);
}

void descriptor_set::answer(uv_poll_s* watch, int, int) { static_cast<descriptor_set*>(watch->data)->take_events(); }

// What does not fit is reported by the next run of libuv: there is no end to it while peers are fast.
void descriptor_set::take_events() {
    std::array<epoll_event, events_at_a_time> events;
    const int count = ::epoll_wait(set_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& one = events[static_cast<std::size_t>(i)];
        const auto found = entries_.find(static_cast<int>(one.data.u64 & 0xffffffff));
        if (found == entries_.end() || one.data.u64 != name_of(found->first, found->second.added)) continue;
        if (found->second.kept != nullptr) {
            tell_kept(found->first, found->second);
        } else {
            tell(found->second, one.events);
        }
    }
}

void descriptor_set::tell_kept(int fd, entry& its) {
    for (detail::descriptor_wait* one : its.waiting) one->confirm();
    if (!its.waiting.empty()) return of_.told_by_descriptor();
    if (!std::exchange(its.came_early, true)) return;
    its.kept->barred = true;
    its.kept = nullptr;
    epoll_event nothing{};
    nothing.events = EPOLLONESHOT;
    nothing.data.u64 = name_of(fd, its.added);
    ::epoll_ctl(set_.get(), EPOLL_CTL_MOD, fd, &nothing);
}

void descriptor_set::tell(entry& its, std::uint32_t events) {
    const auto told = std::count_if(its.waiting.begin(), its.waiting.end(),
                                    [events](const auto* one) { return ends(events, one->what()); });
    if (its.waiting.empty()) return;  // told may be 0: it was armed for one that has left, and is not any more
    of_.told_by_descriptor();
    for (detail::descriptor_wait* one : its.waiting) {
        if (!ends(events, one->what())) {
            one->wake();  // it arms the entry for itself
        } else if (told == 1) {
            one->confirm();
        } else {
            one->wake();
        }
    }
}

}  // namespace troupe::loop

namespace troupe::detail {

descriptor_wait::descriptor_wait(int fd, until what) : fd_(fd), what_(what) {
    if (fd < 0) {
        throw misuse("descriptor " + std::to_string(fd) +
                     " cannot be waited for: the call that was to open it has failed, or it was never set");
    }
}

bool descriptor_wait::try_finish() {
    if (std::exchange(confirmed_, false)) return true;
    if (std::exchange(looked_, false)) return false;
    pollfd look{fd_, static_cast<short>(what_ == until::readable ? POLLIN : POLLOUT), 0};
    if (::poll(&look, 1, 0) > 0) {
        if ((look.revents & POLLNVAL) != 0) loop::throw_not_open(fd_);
        return true;
    }
    if (listed_) loop::event_loop::current().descriptors().arm_again(*this);
    return false;
}

void descriptor_wait::link(descriptor_wait*& newest) noexcept {
    older_ = newest;
    newer_ = nullptr;
    if (older_ != nullptr) older_->newer_ = this;
    newest = this;
}

void descriptor_wait::unlink(descriptor_wait*& newest) noexcept {
    (newer_ != nullptr ? newer_->older_ : newest) = older_;
    if (older_ != nullptr) older_->newer_ = newer_;
}

void descriptor_wait::enlist() {
    loop::event_loop::current().descriptors().enlist(*this);
    listed_ = true;
}

void descriptor_wait::abandon() noexcept {
    listed_ = false;
    if (!loop::event_loop::exists()) return;
    if (auto* const set = loop::event_loop::current().made_descriptors()) set->leave(*this);
}

}  // namespace troupe::detail
