// Orders from outside: from whoever may look into this process, and so may open the pipe that is named in the identity
// of the program. They can do what the program's own calls can do, to actors that they name by their ids.
//
// Whatever is written to the pipe, no more than a few orders are carried out in a turn: it keeps no end from being
// seen.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/clock.hpp"
#include "keeper/keeper.hpp"

namespace troupe::keepers {

// Without the pipe the program goes on all the same, and cannot be given orders.
void keeper::open_orders() noexcept {
    orders_.open();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = about_orders;
    if (orders_.pipe() < 0 || epoll_ctl(poll_.get(), EPOLL_CTL_ADD, orders_.pipe(), &event) != 0) return;
    memory_.identity().orders.set(orders_.pipe());
}

void keeper::take_orders() noexcept {
    orders_.read();
    const auto now = std::chrono::floor<std::chrono::milliseconds>(base::steady_clock::now().time_since_epoch());
    while (const auto one = orders_.take(static_cast<std::uint64_t>(now.count()))) {
        // Nobody is left to say that the program has been killed.
        const bool ends_program = one->kind == shm::order_kind::kill && is_program(detail::actor_id{one->actor});
        if (ends_program) answer_order(*one, {shm::order_result::done, getpid(), 0});
        const order_outcome what = carry_out(*one);
        if (!ends_program) answer_order(*one, what);
    }
}

keeper::order_outcome keeper::carry_out(const shm::order& one) noexcept {
    if (one.kind == shm::order_kind::observe) return observe(one.what);
    const detail::actor_id actor{one.actor};
    const bool ever_used = actor.slot() < std::min<std::uint32_t>(memory_.processes().reached(), shm::keeper_slot);
    if (!ever_used || !memory_.processes().is_alive(actor)) return {shm::order_result::no_such_actor, 0, 0};
    shm::process_slot& process = memory_.process(actor.slot());
    const shm::process_state state = process.present().state;
    const std::int32_t pid = process.pid.get();
    if (one.kind == shm::order_kind::stop) {
        if (!process.requests.ask(actor, shm::ask_stop)) return {shm::order_result::no_such_actor, 0, 0};
        notify(actor.slot());
        return {shm::order_result::done, pid, 0};
    }
    const bool restarts = one.kind == shm::order_kind::restart;
    if (state == shm::process_state::down || (restarts && state != shm::process_state::running)) {
        return {shm::order_result::no_process, 0, 0};
    }
    if (restarts && (is_program(actor) || !comes_again(process, false))) {
        return {shm::order_result::no_supervisor, pid, 0};
    }
    const int error = restarts ? signal(actor, SIGTERM, static_cast<int>(one.budget_ms)) : signal(actor, SIGKILL, 0);
    return {error == 0 ? shm::order_result::done : shm::order_result::refused, pid, error};
}

void keeper::answer_order(const shm::order& one, const order_outcome& what) noexcept {
    shm::order_answer& into = memory_.header().answers[answers_given_++ % shm::most_answers];
    into.number.begin();  // crash: an answer to nobody; whoever waits for one finds that the program has ended
    into.result.set(static_cast<std::uint32_t>(what.result));
    into.pid.set(what.pid);
    into.error.set(what.error);
    into.number.set(one.number);
}

bool keeper::is_program(detail::actor_id actor) const noexcept {
    return actor.slot() == 0 && memory_.process(0).actor() == actor;
}

}  // namespace troupe::keepers
