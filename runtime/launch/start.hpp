// The start of an actor, as its spawner sees it. See child.cpp for the other side.
#pragma once

#include <cstdint>
#include <string>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/birth.hpp>
#include <troupe/spawn.hpp>

#include "actor/own_process.hpp"
#include "base/owned_fd.hpp"
#include "mail/parcel.hpp"
#include "process/clone.hpp"

namespace troupe::launch {

// A start on its way: what was prepared is given back unless a process came of it.
class start {
public:
    // `again`: of an actor that is down, whose slot and mailbox stay.
    start(actors::own_process& here, const spawn_options& options, detail::start_request& request,
          detail::actor_id again = {});
    start(const start&) = delete;
    start& operator=(const start&) = delete;
    ~start();

    // The function's value is the reply to this request.
    void answer_to(std::uint32_t request) noexcept { slot().start.call.set(request); }
    // By a copy of this process, and not by a process that is made elsewhere.
    bool copies() const noexcept { return method_ == start_method::fork; }
    // False: the forkserver is asked for so much that its socket takes no more. To be called again then.
    bool go();
    int way_to_server() const noexcept { return here_.sockets().server.get(); }
    // The process that is being started: not there yet, at its function, or lost (throws).
    bool arrived();
    // Whether `arrived` would say something new.
    bool changed() const;
    detail::actor_id actor() const noexcept { return actor_; }

private:
    shm::process_slot& slot() const { return here_.memory().process(slot_); }
    void claim_slot();
    void fill(const spawn_options& options, detail::start_request& request);
    void prepare(const spawn_options& options, detail::start_request& request);
    void pack(const spawn_options& options, detail::start_request& request);
    enum class if_full { waits, returns };
    bool ask_server(if_full what);
    process::parentage parentage() const noexcept {
        return here_.is_program() ? process::parentage::child : process::parentage::sibling;
    }
    void tell_born(process::cloned& made);
    void copy_here();
    void exec();
    void drop_arguments() noexcept;
    void refuse_quietly();
    [[noreturn]] void refuse(const std::string& why);

    actors::own_process& here_;
    start_method method_;
    std::uint16_t slot_ = 0;
    detail::actor_id actor_;
    std::string name_;
    base::owned_fd doorbell_;
    std::uint32_t server_ends_ = 0;
    mail::parcel_label arguments_;
    bool daemon_;
    bool again_;
    bool announced_ = false;
    bool over_ = false;
};

}  // namespace troupe::launch
