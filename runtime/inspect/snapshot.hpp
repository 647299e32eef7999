// What a look at a program finds, as plain values: the tables of the tool, and its JSON, are made from these.
//
// There is no snapshot of a whole program, because nothing is ever locked. Each row is whole in itself, and says when
// it was taken. Times are seconds of the monotonic clock; ages are left to whoever shows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::inspect {

struct source_place {
    std::string file;
    int line = 0;  // 0: not known
};

enum class actor_state { starting, running, handling, asleep, stopped, traced, down, dead, changing };

// What an actor waits for. `of` is the id of an actor for reply and end, that of a channel for mailbox, queue, pipe and
// room, of a cell for lock, condition, permit, event and barrier; a number of the system for descriptor and command.
struct waiting_row {
    std::string kind;  // the names of shm::waiting_kind
    std::string type;  // of the message; empty: of any
    std::uint64_t of = 0;
    std::string of_name;      // of the actor, where it has one; of room, of the one whose mailbox it is
    std::string holder_name;  // of a lock, the actor that has it
    std::uint32_t number = 0;
    double since = 0;
    std::optional<double> until;  // of kind time
    std::uint64_t waiter = 0;
};

struct handling_row {
    std::string type;
    double since = 0;
    std::uint64_t of = 0;  // the actor that sent it; 0: not known
    std::uint32_t deliveries = 1;
};

struct mailbox_row {
    std::uint64_t channel = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;  // of the messages themselves
    std::optional<double> oldest;
    std::uint64_t granules = 0;  // in use
    std::uint64_t of_granules = 0;
    bool at_most = false;  // too many to be walked: the counts are upper bounds
};

struct actor_row {
    std::uint64_t id = 0;
    std::uint64_t parent = 0;
    std::uint16_t slot = 0;
    std::string name;      // of an actor without one, that of its function
    std::string function;  // as the catalogue has it
    std::int32_t pid = 0;
    std::int32_t outer_pid = 0;  // as this process sees it, where that is another
    actor_state state = actor_state::starting;
    double since = 0;  // in this state
    std::uint32_t incarnation = 0;
    std::uint32_t restarts = 0;
    bool supervised = false;
    bool stop_requested = false;
    bool in_system_call = false;  // it sleeps there, and not in its loop
    std::optional<double> cpu;    // of one CPU, over the time of the sample
    std::uint64_t memory = 0;     // bytes that are its own
    std::optional<handling_row> handling;
    std::vector<waiting_row> waits;
    std::uint64_t waits_more = 0;  // than could be written down, at least
    bool waits_known = true;       // false: it was being written
    source_place place;            // of the first of them
    std::optional<mailbox_row> mailbox;
    std::uint64_t sent = 0, taken = 0, handled = 0, wake_ups = 0;
    std::vector<std::uint64_t> names;  // indices in snapshot::names
    std::uint32_t cycle = 0;           // which of the cycles of the wait graph it is in; 0: none
    double taken_at = 0;
};

struct message_count {
    std::string type;
    std::uint32_t type_number = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::optional<double> oldest;
};
struct sender_count {
    std::uint64_t actor = 0;
    std::string name;
    std::uint64_t messages = 0;
};
// Where the content of a message is that lies beside the ring.
struct content_place {
    std::uint64_t block = 0, stamp = 0, length = 0;
};
// A message as it lies in a ring.
struct message_row {
    std::uint64_t index = 0;
    std::uint32_t type_number = 0;
    std::string type;
    std::uint64_t bytes = 0;
    bool flat = false;
    bool request = false;
    bool in_flight = false;  // claimed, and not yet written
    std::uint64_t from = 0;
    std::string from_name;
    std::optional<double> sent;
    std::vector<std::byte> content;       // if it was asked for
    std::optional<content_place> beside;  // the same, of what is too large to be kept for all messages at once
};
struct channel_row {
    std::uint64_t id = 0;
    std::string kind;  // mailbox, queue, pipe, replies, log
    std::string type;  // of its items; empty: many
    std::uint64_t made_by = 0;
    std::string made_by_name;
    std::uint64_t messages = 0, capacity = 0, bytes = 0, most_bytes = 0;
    std::optional<double> oldest;
    double in_per_second = 0, out_per_second = 0;
    std::vector<std::uint64_t> readers, writers;  // actors
    std::vector<std::uint64_t> waiting_readers, waiting_writers;
    bool open = true;
    bool at_most = false;
};

struct cell_row {
    std::uint64_t id = 0;
    std::string kind;  // mutex, shared, shared_array, semaphore, event, barrier, condition
    std::uint64_t made_by = 0;
    std::uint64_t holder = 0;  // of a lock
    std::optional<double> since;
    std::vector<std::uint64_t> waiting;  // actors, in the order of the line
    std::uint64_t value = 0;             // of a semaphore: permits that are free; of an event: 1 when set
    std::uint64_t of_value = 0;
    std::vector<std::uint64_t> held_by;  // who has a handle
    // On whom those that wait depend: the holder of a lock; of a semaphore, who has permits; of a barrier, who may be
    // meant to come and has not.
    std::vector<std::uint64_t> awaited;
    std::uint32_t needed = 0;  // so many of these; 0: each
};

struct name_row {
    std::string name;
    std::uint64_t actor = 0;
};
struct circle_row {
    std::string kind;  // topic, group
    std::string name;
    std::string type;
    std::vector<std::uint64_t> actors;
};
// Tasks of one function. Those that are done or failed are known to the owner of the pool once it has looked.
struct task_row {
    std::string function;  // empty: of all that found no place of their own
    std::uint64_t waiting = 0, running = 0, done = 0, failed = 0, dropped = 0;
};
struct pool_row {
    std::string name;
    std::uint64_t owner = 0;
    std::vector<std::uint64_t> workers;
    std::uint64_t waiting = 0, running = 0, done = 0, failed = 0, dropped = 0;
    std::vector<task_row> functions;
    std::uint64_t replaced = 0;
    std::uint64_t retired = 0;  // of these, as the pool's options ask for
    std::string last_lost;      // how the last one ended that was replaced for another reason, where that is known
    bool counted = false;       // false: there was no memory to count in, and nothing but workers and running is known
};

struct wait_edge {
    std::uint64_t from = 0, to = 0;
    waiting_row why;
    source_place place;
    std::string in_handler;    // of which message; empty: none
    std::uint32_t needed = 0;  // so many of those that this wait is for; 0: each
};
struct wait_cycle {
    std::vector<std::uint64_t> actors;
    bool deadlock = false;           // none of them waits for its mailbox or for a time
    std::optional<double> deadline;  // the earliest time that one of them waits for
    double since = 0;
};

struct frame_row {
    std::string function, file, module;
    int line = 0;
    std::uint64_t offset = 0;
    bool of_runtime = false;
};
struct event_row {
    std::string kind, type;
    std::uint64_t peer = 0;  // an actor
    std::string peer_name;
    std::uint32_t position = 0;
    double at = 0;
};
struct end_row {
    std::uint64_t number = 0;  // among the ends of the program, from 1 on
    std::uint64_t actor = 0;
    std::uint16_t slot = 0;
    std::string name;
    std::uint32_t incarnation = 0, restarts = 0;
    std::int32_t pid = 0;
    double at = 0;
    double wall_time = 0;  // s since 1970
    std::string text;      // what exit_status says
    int signal = 0, code = 0;
    std::optional<std::uint64_t> fault_address;
    std::string message;
    std::uint32_t deliveries = 0;
    std::uint64_t from = 0;
    std::string from_name;
    std::string exception_type, exception_text;
    std::uint64_t lost = 0;  // messages that went with it
    std::uint64_t peak_memory = 0;
    double cpu_time = 0;
    std::vector<frame_row> frames;
    std::vector<event_row> last;
};

struct program_row {
    std::int32_t pid = 0;
    std::int32_t outer_pid = 0;
    std::string name, executable, library;
    std::uint32_t layout = 0;
    double began = 0;       // monotonic
    double began_wall = 0;  // s since 1970
    std::uint64_t shared_bytes = 0, shared_budget = 0;
    std::uint64_t restarts = 0, ends = 0;
    std::uint64_t open_files = 0;  // of messages on their way, which the keeper holds
};

struct snapshot {
    program_row program;
    std::vector<actor_row> actors;  // the program first, each parent before its children
    std::vector<channel_row> channels;
    std::vector<cell_row> cells;
    std::vector<name_row> names;
    std::vector<circle_row> circles;
    std::vector<pool_row> pools;
    std::vector<wait_edge> edges;
    std::vector<wait_cycle> cycles;
    std::vector<std::string> damaged;  // sentences about what was left out
};

}  // namespace troupe::inspect
