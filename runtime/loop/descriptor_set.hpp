// The descriptors that coroutines of this process wait for: an epoll set of its own, which libuv watches as one
// descriptor. libuv's own watching would make each of them non-blocking, and takes each but once.
//
// An entry is armed for one event at a time (EPOLLONESHOT), by one call for each wait, and nobody disarms it: what
// still comes for a wait that has gone wakes this process once, for nothing. A number may be another descriptor's by
// the next wait, while a copy of the first one is still open somewhere. The kernel tells the two apart; here, what
// comes for an earlier one is known by its count, and means nothing.
//
// A socket of this library's is watched for edges (EPOLLET) from its second wait for bytes on: then such a wait costs
// no call. Whoever waits so has just tried and tries again, so an edge too many does no harm. One that comes while
// nobody waits ends the next wait at once; at a second one the entry is armed for one event at a time from then on, so
// that nothing wakes this process again and again for what it does not read. The socket ends all this before its
// descriptor is closed or given away (kept_watch): the number of another one is never taken for it.
//
// A wait that is woken looks again, unless it is the only one. If it finds nothing, it arms the entry anew.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/owned_fd.hpp"

struct uv_loop_s;
struct uv_poll_s;

namespace troupe::detail {
class descriptor_wait;
struct kept_watch;
}  // namespace troupe::detail

namespace troupe::loop {

class event_loop;
class wait_notes;

class descriptor_set {
public:
    // The loop hears of each event that ends a wait. Throws std::system_error.
    explicit descriptor_set(event_loop& of);
    ~descriptor_set();
    descriptor_set(const descriptor_set&) = delete;
    descriptor_set& operator=(const descriptor_set&) = delete;

    // The wait is woken when its descriptor may be ready. Throws misuse when it is not open, std::system_error when it
    // cannot be watched.
    void enlist(detail::descriptor_wait& one);
    // Once more, for a wait that was woken and goes on waiting.
    void arm_again(const detail::descriptor_wait& one);
    void leave(detail::descriptor_wait& one) noexcept;

    // Its descriptor is watched no more.
    void end(detail::kept_watch& one) noexcept;

    void describe(wait_notes& into) const noexcept;

    int fd() const noexcept { return set_.get(); }

private:
    struct entry {
        std::vector<detail::descriptor_wait*> waiting;
        std::uint32_t added = 0;             // how many descriptors of this number so far
        detail::kept_watch* kept = nullptr;  // null: it is armed for one event at a time
        bool came_early = false;             // to one that is kept, while nobody waited
    };

    static void answer(uv_poll_s* watch, int status, int events);
    void take_events();
    void tell(entry& its, std::uint32_t events);
    void tell_kept(int fd, entry& its);
    void arm(int fd);

    event_loop& of_;
    base::owned_fd set_;
    uv_poll_s* watch_;  // on the heap: libuv lets go of it a turn after it is closed
    std::unordered_map<int, entry> entries_;
    detail::descriptor_wait* newest_ = nullptr;  // of all that wait
};

}  // namespace troupe::loop
