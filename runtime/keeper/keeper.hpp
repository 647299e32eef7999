// The keeper: a thread of the program that knows who lives.
//
// It holds the pidfd and the doorbell of every actor and nothing else happens in it, so whatever the program's own code
// does, the end of an actor is seen at once and told to all it concerns. It alone collects statuses, marks actors dead,
// frees slots and channels, kills what outlives its budget, and starts the forkserver again when that was killed.
//
// When a process ends, its status is read (not collected: the pid stays taken) and written down. Then its death is
// dealt with in an order that is a table, `duties` in death.cpp. After the last of them, nothing in shared memory names
// the dead process.
//
// It allocates nothing, throws nothing and takes no lock, so that the program may be forked at any moment, and no state
// of the program's own keeps an end from being seen. `tests/structure` holds the library that it is made of to that.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/owned_fd.hpp"
#include "keeper/keeper_message.hpp"
#include "keeper/observing.hpp"
#include "keeper/order_reader.hpp"
#include "keeper/retirement.hpp"
#include "keeper/strays.hpp"
#include "process/message_socket.hpp"
#include "shm/lock_line.hpp"
#include "shm/order.hpp"
#include "shm/program_memory.hpp"

namespace troupe::keepers {

// How the forkserver is started, and the logger: what is handed to them.
struct server_launch {
    std::array<char* const*, 2> environments = {};  // to begin with, and when it ended before it served
    std::array<int, 5> descriptors{};
    base::owned_fd requests = {};       // the last of these, which the program has no other use for
    char* const* log_environment = {};  // of the logger, which is given a doorbell in place of it
};

class keeper {
public:
    // `socket` is the keeper's end; `lifeline` what every other process hangs on; `program_bell` the doorbell of the
    // program.
    keeper(shm::program_memory& memory, base::owned_fd socket, base::owned_fd lifeline, int program_bell,
           server_launch server) noexcept;
    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;

    // False, with errno, when the system does not let it wait.
    bool open() noexcept;
    // Until it is told to stop; then it ends the forkserver and every actor that still lives.
    void run() noexcept;

    // In a copy of the program that the thread is not in: what it held is closed. In one that the program's own code
    // has made, the lifeline alone: it must not outlive the program.
    void close() noexcept;
    void close_lifeline() noexcept { lifeline_.reset(); }

private:
    static constexpr int link_budget_ms = 2000;   // of an actor that is linked to one that crashed
    static constexpr int orphan_budget_ms = 300;  // children of an actor that died: SIGTERM, then SIGKILL

    // What epoll says an event is about: a slot, or one of these.
    static constexpr std::uint32_t about_socket = shm::max_processes;
    static constexpr std::uint32_t about_server = shm::max_processes + 1;
    static constexpr std::uint32_t about_strays = shm::max_processes + 2;
    static constexpr std::uint32_t about_logger = shm::max_processes + 3;
    static constexpr std::uint32_t about_orders = shm::max_processes + 4;
    static constexpr std::uint32_t about_first_command = shm::max_processes + 5;

    struct watched {
        base::owned_fd pidfd;
        base::owned_fd doorbell;
        base::owned_fd answers;  // where its process hears about open files, once it has asked
        detail::actor_id actor;
        base::time_point kill_at = base::time_point::max();
        bool kill_at_birth = false;     // told to end before there was a process
        std::uint32_t doorbell_of = 0;  // the incarnation that has it
        bool rung = false;              // while there was no doorbell
        bool is_listed = false;         // it has a name, or belongs to a topic or a group; or did
        bool has_links = false;         // or had: process_slot::linked may name others
        // Of an actor whose handlers have a deadline: see time.cpp.
        base::time_point look_at = base::time_point::max();
        base::time_point late_at = base::time_point::max();
        std::uint64_t in_hand = 0;  // the handler that was seen: when it began
        bool judged = false;        // late: it writes down where it is, and is killed then
    };

    // What is known of an end while it is dealt with.
    struct death {
        std::uint16_t slot;
        bool again;  // its actor will be started again
        bool ended_well;
        bool has_spawned;
    };
    struct duty {
        const char* name;
        void (keeper::*run)(const death& one) noexcept;
    };
    static const std::array<duty, 17> duties;
    void end_commands(const death& of) noexcept;
    void give_back_mail(const death& one) noexcept;
    void answer_askers(const death& one) noexcept;
    void leave_observation(const death& one) noexcept;
    void announce_end(const death& one) noexcept;
    void hand_on_locks(const death& one) noexcept;
    void leave_cells(const death& one) noexcept;
    void leave_channels(const death& one) noexcept;
    void disown(const death& one) noexcept;
    void close_files(const death& one) noexcept;
    void leave_lists(const death& one) noexcept;
    void clear_starts(const death& one) noexcept;
    void end_linked(const death& one) noexcept;
    void end_orphans(const death& one) noexcept;
    void collect_dead(const death& of) noexcept;
    void let_begin_again(const death& one) noexcept;
    void take_leave(const death& one) noexcept;

    void end_everybody() noexcept;
    void end_untold() noexcept;
    void take_messages() noexcept;
    void make_room() noexcept;
    void open_orders() noexcept;
    void take_orders() noexcept;
    struct order_outcome {
        shm::order_result result = shm::order_result::done;
        std::int32_t pid = 0;
        std::int32_t error = 0;
    };
    order_outcome carry_out(const shm::order& one) noexcept;
    // What somebody who looks in from outside wants to be written down for the next eight seconds: an or of
    // shm::observed.
    order_outcome observe(std::uint32_t what) noexcept;
    void answer_order(const shm::order& one, const order_outcome& what) noexcept;
    bool is_program(detail::actor_id actor) const noexcept;
    void answer(const keeper_message& message, std::string_view text, process::received& with) noexcept;
    naming_answer change_lists(const keeper_message& message, std::string_view text) noexcept;
    void tell_of_lists() noexcept;
    void unlist(std::uint16_t slot) noexcept;
    bool has_lost_spawner(std::uint16_t slot) const noexcept;
    void watch(std::uint16_t slot, detail::actor_id actor, base::owned_fd pidfd) noexcept;
    void end_unwatched(std::uint16_t slot, int error) noexcept;
    void take_over(std::uint16_t slot) noexcept;
    void ended(std::uint16_t slot) noexcept;
    void collect(base::owned_fd pidfd) noexcept;
    bool is_incarnation(std::uint16_t slot, std::int32_t number) const noexcept;
    bool comes_again(const shm::process_slot& process, bool ended_well) const noexcept;
    void let_go(detail::actor_id actor) noexcept;
    void link(std::uint16_t slot, detail::actor_id other, bool tied) noexcept;
    void unlink(std::uint16_t slot, bool ended_well) noexcept;
    void over(std::uint16_t slot) noexcept;
    void gone(std::uint16_t slot) noexcept;
    void settle_place(shm::place_number place) noexcept;
    void leave_condition(shm::place_number place) noexcept;
    void settle_conditions(shm::cell& lock, shm::place_number from, shm::handing how) noexcept;
    void settle_holder(shm::cell& cell, shm::place_number place) noexcept;
    void settle_account(shm::cell& cell, shm::place_number place) noexcept;
    void leave_line(shm::cell& cell, shm::place_number place) noexcept;
    void hand_on(shm::cell& cell, shm::place_number from, shm::handing how) noexcept;
    void look_for_ghost(shm::cell_id name) noexcept;
    enum class mailbox { goes, stays };
    void clear_channels(std::uint16_t slot, mailbox mailbox = mailbox::goes) noexcept;
    void give_up_start(std::uint16_t slot, shm::life_value now) noexcept;
    void start_failed(std::uint16_t slot) noexcept;
    void end_children(detail::actor_id parent) noexcept;
    int signal(detail::actor_id actor, int signal, int budget_ms) noexcept;
    void end(detail::actor_id actor, int budget_ms) noexcept;
    bool kill(std::uint16_t slot) noexcept;
    void say_it_lives(std::uint16_t slot, int error) const noexcept;
    void look_after_strays(base::time_point now) noexcept;

    void command_begun(std::uint16_t slot, std::size_t cell) noexcept;
    void command_ended(std::uint32_t number) noexcept;
    int signal_command(std::uint16_t slot, std::size_t cell, int signal, bool whole_group) noexcept;
    bool is_command(pid_t pid) const noexcept;
    std::optional<std::uint32_t> look_after_command(std::uint16_t slot, std::size_t cell) noexcept;
    std::optional<std::uint32_t> find_command(std::uint16_t slot, std::size_t cell) const noexcept;
    void kill_every_command() noexcept;
    void collect_every_command(base::time_point until) noexcept;
    void close_commands() noexcept;

    void allow_for_stop(base::time_point now, int asked_ms) noexcept;
    void kill_overdue(base::time_point now) noexcept;
    void begin_to_look(std::uint16_t slot) noexcept;
    void look_at_handler(std::uint16_t slot, base::time_point now) noexcept;
    void judge(std::uint16_t slot, base::time_point now) noexcept;
    int sleep_ms() const noexcept;
    int bell_of(std::uint32_t slot) const noexcept;
    void notify(std::uint32_t slot) noexcept;
    void notify_all(const shm::wait_set& waiting) noexcept;
    void notify_channel(shm::channel_record& record) noexcept;

    void start_server() noexcept;
    void refuse_server(int error, pid_t made) noexcept;
    void drop_requests() noexcept;
    void server_ended() noexcept;
    void notify_spawners() noexcept;

    void wake_logger() noexcept;
    void start_logger() noexcept;
    void refuse_logger(pid_t made) noexcept;
    void logger_ended() noexcept;
    void end_logger() noexcept;

    shm::program_memory& memory_;
    base::owned_fd socket_;
    base::owned_fd lifeline_;
    base::owned_fd poll_;
    int program_bell_;
    server_launch server_launch_;
    bool room_wanted_ = false;                 // in this turn
    std::array<base::owned_fd, 64> room_for_;  // where those are answered who asked for it
    std::size_t askers_ = 0;
    base::owned_fd server_;
    pid_t server_pid_ = 0;
    base::owned_fd logger_;
    base::owned_fd logger_bell_;  // made for the first one
    order_reader orders_;
    std::uint32_t answers_given_ = 0;  // to orders
    retirement retired_;
    strays strays_;
    observing observing_;
    std::uint32_t commands_reached_ = 0;  // see commands.cpp
    std::array<watched, shm::max_processes> watched_;
    int failed_starts_ = 0;           // of the forkserver, in a row
    int failed_loggers_ = 0;          // in a row, that ended before they came on
    std::uint64_t crashes_told_ = 0;  // to the program
    bool stopping_ = false;
    int most_messages_ = 0;              // in one turn: as many as the socket can hold
    base::time_point turned_at_{};       // when the turn began
    std::chrono::nanoseconds worked_{};  // the CPU time of the thread then
};

}  // namespace troupe::keepers
