#include "keeper/strays.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "process/pidfd.hpp"

namespace troupe::keepers {
namespace {

constexpr std::chrono::seconds between_looks(2);
constexpr int looks_until_collected = 3;  // dead for four seconds at least

// Whether orphans become children of this process.
bool takes_orphans() noexcept {
    int asked_for = 0;
    return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &asked_for) == 0 && asked_for != 0);
}

// Calls found(pid) for each child of the main thread, whose children orphans become. False where the system has no such
// list.
template <class Found>
bool for_each_child(Found found) noexcept {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/children", static_cast<int>(getpid()));
    const base::owned_fd list(open(path, O_RDONLY | O_CLOEXEC));
    if (!list) return false;
    char text[4096];
    pid_t pid = 0;
    for (ssize_t got = 0; (got = read(list.get(), text, sizeof text)) > 0;) {
        for (const char* at = text; at != text + got; ++at) {
            if (*at >= '0' && *at <= '9') {
                pid = pid * 10 + (*at - '0');
            } else if (const pid_t whole = std::exchange(pid, 0)) {
                found(whole);
            }
        }
    }
    if (pid != 0) found(pid);
    return true;
}

}  // namespace

// The system reports an end twice: when it comes, and when the tracer has let go of it.
void strays::keep(base::owned_fd pidfd, int poll, std::uint32_t about) noexcept {
    const auto free = std::find_if(held_.begin(), held_.end(), [](const base::owned_fd& one) { return !one; });
    // Where a debugger holds hundreds, they stay as they are until the program ends; where none is reported, a look
    // comes.
    const bool kept = free != held_.end();
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u32 = about;
    if (!kept || epoll_ctl(poll, EPOLL_CTL_MOD, pidfd.get(), &event) != 0) {
        epoll_ctl(poll, EPOLL_CTL_DEL, pidfd.get(), nullptr);
    }
    if (!kept) return;
    poll_ = poll;
    *free = std::move(pidfd);
    any_held_ = true;
    look_at_ = std::min(look_at_, base::steady_clock::now() + between_looks);
}

void strays::look_soon() noexcept {
    if (takes_orphans()) look_at_ = std::min(look_at_, base::steady_clock::now() + between_looks);
}

void strays::collect_held() noexcept {
    if (!std::exchange(any_held_, false)) return;
    for (base::owned_fd& one : held_) {
        if (!one) continue;
        if (process::collect(one.get())) {
            epoll_ctl(poll_, EPOLL_CTL_DEL, one.get(), nullptr);
            one.reset();
        } else {
            any_held_ = true;
        }
    }
}

void strays::look(base::time_point now, known is_known, const void* argument) noexcept {
    collect_held();
    const bool orphans = takes_orphans();
    if (orphans) collect_orphans(is_known, argument);
    look_at_ = any_held_ || orphans ? now + between_looks : base::time_point::max();
}

void strays::collect_orphans(known is_known, const void* argument) noexcept {
    const std::array<dead, most> before = std::exchange(orphans_, {});
    const pid_t any = process::any_zombie_child();
    if (any == 0) return;
    std::size_t count = 0;
    const auto seen = [&](pid_t pid) {
        if (count == most || !process::is_zombie_child(pid) || is_known(argument, pid)) return;
        const auto known_before =
            std::find_if(before.begin(), before.end(), [pid](dead one) { return one.pid == pid; });
        const int looks = known_before == before.end() ? 1 : known_before->looks + 1;
        if (looks < looks_until_collected) {
            orphans_[count++] = {pid, looks};
        } else {
            process::collect_child(pid);
        }
    };
    if (!for_each_child(seen)) seen(any);
}

void strays::close() noexcept {
    for (base::owned_fd& one : held_) {
        if (one) one.reset();
    }
}

}  // namespace troupe::keepers
