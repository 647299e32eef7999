// What this process is: the program or one of its actors. Its participant, its sockets, its children, and what it is
// asked.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/start_method.hpp>
#include <troupe/task.hpp>

#include "actor/answer_line.hpp"
#include "actor/background.hpp"
#include "actor/bulletin_watch.hpp"
#include "actor/children.hpp"
#include "actor/exit_watch.hpp"
#include "actor/in_hand_log.hpp"
#include "actor/injections.hpp"
#include "actor/line_writer.hpp"
#include "actor/monitors.hpp"
#include "actor/own_commands.hpp"
#include "actor/pending_requests.hpp"
#include "actor/turns.hpp"
#include "base/owned_fd.hpp"
#include "channel/keeper_line.hpp"
#include "channel/participant.hpp"
#include "keeper/keeper_message.hpp"
#include "loop/event_loop.hpp"
#include "loop/host.hpp"
#include "loop/source.hpp"
#include "process/message_socket.hpp"

namespace troupe::actors {

// What ties every process of the program to it.
struct sockets {
    base::owned_fd keeper;    // to the keeper
    base::owned_fd server;    // to the forkserver
    base::owned_fd lifeline;  // process/lifeline.hpp: this process's own, and where its children open theirs
};

class own_process final : private loop::source, private loop::host, private channel::keeper_line {
public:
    own_process(shm::program_memory memory, std::uint16_t slot, base::owned_fd doorbell, struct sockets sockets,
                bool is_program);
    ~own_process();

    // Throws misuse outside of `run`.
    static own_process& here();
    static own_process* current() noexcept;
    // In the child of a fork: everything of the parent's is forgotten, and nothing freed.
    static void abandon() noexcept;

    bool is_program() const noexcept { return is_program_; }
    channel::participant& participant() noexcept { return participant_; }
    shm::program_memory& memory() noexcept { return participant_.memory(); }
    exit_watch& exits() noexcept { return exits_; }
    in_hand_log& in_hand() noexcept { return in_hand_; }
    pending_requests& requests() noexcept { return requests_; }
    class monitors& monitors() noexcept { return monitors_; }
    // Made when somebody waits for the first time.
    class bulletin_watch& bulletin() {
        if (!bulletin_) bulletin_ = std::make_unique<bulletin_watch>(participant_);
        return *bulletin_;
    }
    class background& background() noexcept { return background_; }
    class children& children() noexcept { return children_; }
    class turns& turns() noexcept { return turns_; }
    class injections& injections() noexcept { return injections_; }
    own_commands& commands() noexcept { return commands_; }
    answer_line& answers() noexcept { return answers_; }
    // Made when this process logs for the first time.
    line_writer& log() {
        if (!log_) log_ = std::make_unique<line_writer>(*this);
        return *log_;
    }
    const struct sockets& sockets() const noexcept { return sockets_; }

    void tell_keeper(const keepers::keeper_message& message,
                     std::initializer_list<int> descriptors = {}) const noexcept;
    // Has the keeper signal an actor, and kill it when `budget_ms` > 0 have passed. 0, or the errno for which it
    // cannot: one of the two has changed its user. Nothing happens to an actor that is dead.
    int signal(detail::actor_id actor, int signal, int budget_ms) noexcept;
    // The same for a command of this process, `word` saying whether it is for its whole group.
    int signal_command(std::size_t cell, keepers::keeper_word word, int signal) const noexcept;

    bool stop_requested() const noexcept;
    // This actor ends with that exception: whatever it waits for ends as cancelled.
    void fail(std::exception_ptr failure) noexcept;
    const std::exception_ptr& failure() const noexcept { return failure_; }
    // The signal this process has to die of after unwinding; 0 for none.
    int dying_of() const noexcept;

    // Throws misuse if this actor has no mailbox.
    channel::lone_inbox& needed_mailbox() const;
    // The mailbox of this actor; null when its function takes none.
    channel::lone_inbox* mailbox() const noexcept { return mailbox_; }
    void open_mailbox();
    // It ends; what is in it, and what comes before the end, is let go. Runs until it is cancelled.
    task<> refuse_mail();

    // The process that was forked takes these out of its copy of the parent's.
    struct sockets take_sockets() noexcept { return std::move(sockets_); }

private:
    // as a source
    bool poll() override;
    bool glance() override;
    loop::parking park() override;
    void unpark() override {}
    // as the loop's host
    void begin(loop::event_loop& loop) override;
    int doorbell() const noexcept override;
    void rung() noexcept override;
    int lifeline() const noexcept override;
    bool may_spin() noexcept override;
    bool in_no_hurry() noexcept override;
    void turn_began(std::uint64_t ms) noexcept override { participant_.chronicler().turn_began(ms); }
    void turn_ended() noexcept override;
    void about_to_park() noexcept override;
    void about_to_sleep() noexcept override;
    void awake() noexcept override;
    // as the line to the keeper
    base::owned_fd doorbell_of(std::uint16_t slot) noexcept override;
    void notify(std::uint16_t slot) noexcept override;
    void look_at(shm::channel_id channel) noexcept override;
    mail::file_answer keep_file(const detail::handle_ref& ref, int fd) noexcept override;
    mail::file_answer give_file(const detail::handle_ref& ref, base::owned_fd& into) noexcept override;
    bool make_room() noexcept override;
    std::optional<process::received> ask_keeper(const keepers::keeper_message& message,
                                                std::span<std::byte> answer) const noexcept;

    std::uint32_t asked() const noexcept;
    void interrupt_wait();

    bool abandoned_ = false;  // this is a copy in the child of a fork
    struct sockets sockets_;
    channel::participant participant_;
    in_hand_log in_hand_;
    exit_watch exits_;
    pending_requests requests_;
    class monitors monitors_;
    class background background_;
    std::unique_ptr<bulletin_watch> bulletin_;
    class children children_;
    class turns turns_{*this};
    class injections injections_{*this};
    own_commands commands_;
    answer_line answers_;
    std::unique_ptr<line_writer> log_;
    std::exception_ptr failure_;
    bool is_program_;
    bool told_to_die_ = false;
    bool told_to_stop_ = false;
    channel::lone_inbox* mailbox_ = nullptr;
};

}  // namespace troupe::actors
