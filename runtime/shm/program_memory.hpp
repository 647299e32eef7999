// Everything the processes of a program share: one segment (program_layout.hpp says where in it) with
//
//   program_header
//   process_slot[4096]        two pages each, backed when its slot is first claimed
//   post_mortem[4096]         a page each, backed with its slot: what is left of the slot's actor
//   channel_record[16384]     backed when first claimed
//   exit log[2^20]            8 bytes for each actor that ended, by serial; the oldest are overwritten
//   blocks                    see block.hpp
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <troupe/exit_status.hpp>

#include "base/machine.hpp"
#include "shm/program_layout.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

inline constexpr std::uint32_t layout_version = 7;

struct program_header {
    std::uint64_t magic;
    std::uint32_t version;
    std::int32_t program_pid;
    std::uint64_t budget;        // bytes of shared memory the program may use; with the next, where everything stands
    std::uint32_t halvings;      // of the windows, see lay_out
    std::uint32_t start_method;  // the default, as the public enum
    std::uint32_t most_actors;
    std::uint32_t usable_cpus;
    std::uint32_t report_crashes;  // 1: the program is rung at every crash
    std::uint32_t has_deadlines;   // 0: TROUPE_DEADLINES=off, and no handler is late
    std::uint64_t program_device;  // with the inode: which file the program is
    std::uint64_t program_inode;
    std::uint64_t descriptor_limit;  // RLIMIT_NOFILE as the program found it: its actors get it back
    alignas(base::line_bytes) std::atomic<std::uint64_t> next_serial;
    std::atomic<std::uint32_t> next_slot;      // where the search for a free slot goes on: slots are used in turn
    std::atomic<std::uint32_t> slots_reached;  // slots at and above it were never used
    std::atomic<std::uint32_t> slots_in_turn;  // of so many one is taken after the other
    std::atomic<std::uint32_t> channels_reached;
    std::atomic<std::uint32_t> server_ends;  // how often the forkserver has ended: requests to it may be lost
    std::atomic<std::uint32_t> server_running;
    std::atomic<std::int32_t> server_pid;      // written by the kernel inside clone
    std::atomic<std::uint32_t> server_error;   // errno, when it could not be started
    alignas(base::line_bytes) wait_set awake;  // processes that are not asleep: more than CPUs, and nobody spins
    alignas(base::line_bytes) std::atomic<std::uint64_t> deaths;  // grows when an actor's end has been written down
    std::atomic<std::uint64_t> crashes;                           // of these, ends that nobody meant; the keeper counts
    alignas(base::line_bytes) std::atomic<std::uint64_t> stamps;  // of parcels: each process takes many at a time
    alignas(base::line_bytes) std::atomic<std::uint32_t> blocks_reached[block_classes];
};
static_assert(sizeof(program_header) <= page_bytes);

enum class ring_fate { used_again, quarantined };

class program_memory {
public:
    // The windows are narrowed by `halvings`, see lay_out.
    static program_memory create(std::size_t budget, unsigned halvings = 0);
    static program_memory attach(base::owned_fd fd);

    program_header& header() const { return *reinterpret_cast<program_header*>(tables_ + exit_log_bytes); }
    process_slot& process(std::uint16_t slot) const;
    base::post_mortem& post_mortem(std::uint16_t slot) const;
    // Mapped apart, so that it can be written until the process's last instruction. Null when the system refuses.
    base::post_mortem* keep_post_mortem(std::uint16_t slot) const noexcept;
    channel_record& channel(std::uint16_t index) const;
    block_store& blocks() const { return *blocks_; }
    segment& memory() const { return *segment_; }

    // --- processes
    // A slot in state starting, with its actor id set and everything else cleared; nothing when all are taken.
    std::optional<std::uint16_t> claim_process(std::uint16_t spawner);
    void claim_keeper();  // once, by the program
    // A new incarnation of an actor that is down; false when it has been let go.
    bool restart_process(detail::actor_id actor);
    void free_process(std::uint16_t slot);
    void touch_process(std::uint16_t slot) const noexcept;  // this process will write to that slot
    bool full() const;                                      // no slot is free now
    // The owner number of the process that has the slot now.
    owner_id owner(std::uint16_t slot) const;
    liveness owners() const;  // who is dead, for rings

    // Slots at and above it were never used.
    std::uint32_t slots_reached() const;
    // Actors that have ended so far; whoever sees a new number sees how they ended.
    std::uint64_t deaths() const;
    // Processes that have ended so far as nobody meant it: by an exception, a signal but SIGTERM and SIGKILL, a limit
    // or a deadline. Each is counted, also where its slot has another actor by now.
    std::uint64_t crashes() const;

    // --- how actors ended
    // What a message is called that an actor of this function takes; the names are in the executable.
    using message_namer = std::string (*)(std::uint64_t entry, std::uint32_t type);
    void name_messages_by(message_namer namer) noexcept { name_message_ = namer; }
    void record_exit(detail::actor_id actor, const exit_status& status);
    // Nothing while it lives.
    std::optional<exit_status> status_of(detail::actor_id actor) const;
    // How its last process ended, for an actor that may have been started again since.
    exit_status last_end(detail::actor_id actor) const;
    // Whether that was by itself, and with 0.
    bool ended_well(detail::actor_id actor) const noexcept;
    // The same when `ending` (process_slot::ending, as it was then) is still how it ended last.
    exit_status end_as_told(detail::actor_id actor, std::uint64_t ending) const;
    std::string name_of(detail::actor_id actor) const;  // empty when its slot has another actor
    // "actor 'clerk' (pid 4711)", for texts; of one whose slot has another actor, "an actor".
    std::string described(detail::actor_id actor) const;
    // The same with the pid of the process that ended last.
    std::string described_as_ended(detail::actor_id actor) const;
    // It can be sent to: it lives, or is down and may be started again.
    bool alive(detail::actor_id actor) const;

    // --- channels
    // Throws out_of_memory. In state making, owned by `maker` until `open_channel`.
    channel_id claim_channel(channel_kind kind, unsigned granule_bits, std::uint16_t maker);
    void open_channel(channel_id id);
    // Its ring goes back to the others of its size, empty and without open claims; or, damaged, is never used again.
    void free_channel(std::uint16_t index, ring_fate fate = ring_fate::used_again);
    ring ring_of(const channel_record& record) const;                            // throws corrupt
    std::optional<ring> find_ring(const channel_record& record) const noexcept;  // nothing when it is damaged

private:
    program_memory() = default;
    std::optional<exit_status> end_in_slot(detail::actor_id actor) const;
    bool crashed(detail::actor_id actor, const exit_status& status) const;
    std::string described(detail::actor_id actor, std::int32_t pid) const;
    slice& slice_at(std::size_t number) const;
    std::atomic<std::uint64_t>& exit_entry(detail::actor_id actor) const;
    std::size_t offset_of(const void* address) const;
    bool reach(std::uint16_t slot);  // false: no memory
    void place(const segment_map& map);

    message_namer name_message_ = nullptr;
    std::unique_ptr<segment> segment_;
    std::byte* tables_ = nullptr;  // the exit log, the header and the slices, in the segment
    std::unique_ptr<block_store> blocks_;
};

}  // namespace troupe::shm
