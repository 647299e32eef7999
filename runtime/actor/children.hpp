// The actors that this process has started: they end before it does.
#pragma once

#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/task.hpp>

namespace troupe::actors {

class own_process;

struct child {
    detail::actor_id actor;
    bool daemon = false;
};

class children {
public:
    explicit children(own_process& here) noexcept : here_(here) {}

    void add(detail::actor_id actor, bool daemon);
    std::vector<child> living();
    // It is not started again when it ends; if it is down, it is dead.
    void release(detail::actor_id actor) noexcept;
    // Their mailboxes end, and they are awaited; daemons, and all when not in good order, are terminated. Those that
    // may not be signalled are not: the keeper ends them with the program.
    task<> end(bool in_good_order);

private:
    own_process& here_;
    std::vector<child> all_;
};

}  // namespace troupe::actors
