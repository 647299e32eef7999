// Where the keeper answers this process about open files: a socket that is made at the first of them, and kept.
//
// The keeper has the other end, and this process does not: if the keeper has no room for it, or is gone, the wait for
// an answer ends.
#pragma once

#include <troupe/detail/outgoing.hpp>

#include "base/owned_fd.hpp"
#include "keeper/keeper_message.hpp"
#include "mail/open_file.hpp"

namespace troupe::actors {

class own_process;

class answer_line {
public:
    explicit answer_line(own_process& of) noexcept : of_(of) {}

    // `with`: a file to hand over, or -1. What comes with the answer is in `into`.
    mail::file_answer ask(keepers::keeper_word what, const detail::handle_ref& about, int with,
                          base::owned_fd& into) noexcept;
    // In the child of a fork.
    void close() noexcept { socket_.reset(); }

private:
    bool open() noexcept;
    mail::file_answer say(const keepers::keeper_message& message, int with) const noexcept;

    own_process& of_;
    base::owned_fd socket_;
};

}  // namespace troupe::actors
