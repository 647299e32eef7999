// What the keeper does about the forkserver: starts it, and does so again when it ended.
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "keeper/keeper.hpp"
#include "process/clone.hpp"
#include "process/message_socket.hpp"
#include "process/pidfd.hpp"

namespace troupe::keepers {
namespace {

constexpr int most_failed_starts = 3;  // of one that ends before it serves

}  // namespace

void keeper::start_server() noexcept {
    process::exec_request request;
    request.parentage = process::parentage::child;
    request.descriptors = server_launch_.descriptors;
    request.pid_word = &memory_.header().server.pid.for_clone();
    // A library with symbols that nobody defines is no reason to have no forkserver.
    request.environment = server_launch_.environments[failed_starts_ == 0 ? 0 : 1];
    process::cloned made = process::clone_and_exec(request);
    // Where it was made and not executed, it is about to end, and may not have yet.
    if (!made || made.error != 0) return refuse_server(made.error, made ? made.pid : 0);
    server_ = std::move(made.pidfd);
    server_pid_ = made.pid;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = about_server;
    if (server_ && epoll_ctl(poll_.get(), EPOLL_CTL_ADD, server_.get(), &event) == 0) return;
    // One whose end nobody would see.
    const int error = server_ ? errno : EMFILE;
    server_.reset();
    server_pid_ = 0;
    refuse_server(error, made.pid);
}

void keeper::refuse_server(int error, pid_t made) noexcept {
    memory_.header().server.set_error(error);
    drop_requests();
    memory_.header().server.count_end();
    process::end_now(made);
    notify_spawners();
}

// Before an end is counted: whoever sent one of these sees that count change, and asks again or gives up. Left where
// they are while no server comes, they would fill the socket, and whoever asks next would wait for room for ever.
void keeper::drop_requests() noexcept {
    std::array<std::byte, 64> request;
    while (process::receive_message(server_launch_.requests.get(), request, false).bytes > 0) {
    }
}

void keeper::server_ended() noexcept {
    if (!server_ || !process::has_ended(server_.get(), 0)) return;
    collect(std::move(server_));
    server_pid_ = 0;
    const bool ran = memory_.header().server.end();
    failed_starts_ = ran ? 0 : failed_starts_ + 1;
    // A request it had taken up and not finished: the child exists, or the spawner has to ask again.
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const auto slot = static_cast<std::uint16_t>(i);
        shm::process_slot& process = memory_.process(slot);
        const shm::life_value now = process.present();
        const bool by_server = now.state == shm::process_state::cloning;
        if (watched_[slot].pidfd) continue;
        if ((by_server || now.state == shm::process_state::running) && process.pid.get() != 0) {
            if (slot != 0) take_over(slot);
        } else if (by_server && watched_[slot].kill_at_birth) {  // nobody will ask for it again
            give_up_start(slot, now);
        } else if (by_server) {
            process.life.move(now, shm::process_state::starting);
        } else if (now.state == shm::process_state::failed) {  // and it did not live to say so
            start_failed(slot);
        }
    }
    const bool try_again = failed_starts_ < most_failed_starts;
    if (!try_again) memory_.header().server.set_error(ECANCELED);
    drop_requests();
    memory_.header().server.count_end();
    if (try_again) start_server();
    notify_spawners();  // which send their requests once more
}

void keeper::notify_spawners() noexcept {
    // sync: asked of the server - observes who has begun to start an actor
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const shm::life_value now = memory_.process(static_cast<std::uint16_t>(i)).present();
        // Down: a restart that it refused, and did not live to say so.
        if (is_starting(now.state) || now.state == shm::process_state::down) notify(now.spawner);
    }
}

}  // namespace troupe::keepers
