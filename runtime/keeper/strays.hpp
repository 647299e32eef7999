// Children of the program that are no actors, and whom nobody else will collect.
//
// Dead actors that a debugger holds: to everybody else they have ended, but they can be collected only when it lets go.
// And what actors have left behind (a process that was forked or executed by one, and outlived it), where the system
// makes such orphans children of this process: because it is the first of its container (pid 1), or asked for them
// (PR_SET_CHILD_SUBREAPER). Such an orphan cannot be told from a child that the program's own code has made and waits
// for (`system`, `popen`), except by time: only what has been dead for some seconds is collected.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/owned_fd.hpp"

namespace troupe::keepers {

class strays {
public:
    strays() noexcept { look_soon(); }

    // One that a debugger holds. `poll` reports it as `about` when the debugger lets go, and then `collect_held` is
    // called.
    void keep(base::owned_fd pidfd, int poll, std::uint32_t about) noexcept;
    void collect_held() noexcept;
    // An actor has ended: there may be orphans.
    void look_soon() noexcept;
    // When to call `look`; the end of time when there is nothing to wait for.
    base::time_point look_at() const noexcept { return look_at_; }

    // Collects what may be collected. is_known(pid): somebody else looks after it.
    template <class Known>
    void look(base::time_point now, Known is_known) noexcept {
        if (now < look_at_) return;
        look(now, [](const void* known, pid_t pid) { return (*static_cast<const Known*>(known))(pid); }, &is_known);
    }

    void close() noexcept;

private:
    using known = bool (*)(const void* argument, pid_t pid);
    void look(base::time_point now, known is_known, const void* argument) noexcept;
    void collect_orphans(known is_known, const void* argument) noexcept;

    struct dead {
        pid_t pid = 0;
        int looks = 0;  // that have found it dead
    };
    static constexpr std::size_t most = 256;  // the others have their turn when these are gone

    std::array<base::owned_fd, most> held_;
    bool any_held_ = false;
    int poll_ = -1;
    std::array<dead, most> orphans_{};
    base::time_point look_at_ = base::time_point::max();
};

}  // namespace troupe::keepers
