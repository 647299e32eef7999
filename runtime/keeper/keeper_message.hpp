// What is said to the keeper of the program, over the one socket that every process of the program has.
#pragma once

#include <cstdint>

namespace troupe::keepers {

enum class keeper_word : std::uint32_t {
    expect,           // an actor is about to be started, as incarnation `value`; with its doorbell
    born,             // it has been, as incarnation `value`; with its pidfd
    not_born,         // the forkserver could not make it: its slot says why
    discard,          // a start that failed: free what was prepared
    doorbell_wanted,  // with a socket to answer on
    link,             // the fates of the actor in `slot` and of `subject` are tied; `value` 0: no longer
    let_go,           // nobody will start this actor again: if it is down, it is dead
    notify,           // by somebody who has no descriptor left for a doorbell
    look_at,         // somebody let go of an end of channel `subject`, or of that cell; or gave the gate of that cell's
                     // lock to somebody who is dead
    signal,          // send signal `value` to actor `subject`; `budget_ms` > 0: and SIGKILL if it still lives then.
                     // With a socket to answer on: a signal_answer
    answers_here,    // with the socket that is answered on from now on, where the process of `slot` asks for files
    keep_file,       // with an open file, for handle_ref {subject, value} of a message: answered
    file_wanted,     // that file, by who has received the message: answered, with the file
    command_begun,   // the process in `slot` has started the command in its cell `subject`
    signal_command,  // send that command signal `value`; with a socket to answer on, as for `signal`
    signal_command_group,  // the same, to its whole group
    server_wanted,         // the forkserver is to be started
    slots_wanted,          // no slot is free: see whether any can be freed
    room_wanted,           // no channel or memory is free: see whether any can be freed; with a socket to answer on
    // With a text behind the message and a socket to answer on: a naming_answer.
    claim_name,     // actor `subject` wants this name
    release_name,   // nobody is to have this name
    circle_wanted,  // the topic or group (`value`: its kind) of this name is to be there; `slot`: the number of its
                    // type, whose name stands behind a zero byte
    membership,     // from now on actor `subject` belongs to circle `slot` or does not (`value`: a membership)
    lines_wait,     // in the log: its logger is rung, or started
    stop,           // the program ends
};

struct keeper_message {
    keeper_word word = keeper_word::stop;
    std::uint32_t slot = 0;
    std::uint64_t subject = 0;  // an actor_id, channel_id or cell_id, or a stamp
    std::int32_t value = 0;
    std::int32_t budget_ms = 0;
    std::uint32_t linked = 0;  // `expect`: 1 to its parent
    std::uint32_t unused = 0;  // a gap would be sent as it was found
};

// A message with its text.
struct keeper_letter {
    keeper_message message;
    char text[400];
};

enum class membership : std::int32_t { none, waited_for, skipped_when_full };

enum class naming_result : std::uint32_t { unknown, done, taken, actor_ended, all_taken, no_memory };
struct naming_answer {
    naming_result result = naming_result::unknown;
    std::uint32_t circle = 0;  // `circle_wanted`: its index
};

// 0, or the errno for which the actor could not be sent the signal.
using signal_answer = std::int32_t;

}  // namespace troupe::keepers
