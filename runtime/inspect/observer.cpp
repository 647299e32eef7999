#include "inspect/observer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include <troupe/error.hpp>

#include "inspect/cells.hpp"
#include "inspect/failure.hpp"
#include "inspect/lists.hpp"
#include "inspect/pools.hpp"
#include "inspect/ring_walk.hpp"
#include "inspect/wait_graph.hpp"
#include "shm/program_identity.hpp"
#include "shm/shared_text.hpp"

namespace troupe::inspect {
namespace {

constexpr double ns_a_second = 1e9;

std::string called(const program_found& program) { return "program " + std::to_string(program.pid); }

// The program writes what it is soon after it has made its memory.
void check_layout(int memory, const program_found& program) {
    using namespace std::chrono_literals;
    auto identity = shm::read_identity(memory);
    for (int tries = 0; !identity && tries < 20; ++tries) {
        std::this_thread::sleep_for(10ms);
        identity = shm::read_identity(memory);
    }
    if (const std::string why = shm::why_unreadable(program.pid, identity); !why.empty()) throw failure(why);
}

base::owned_fd open_memory(const program_found& program) {
    base::owned_fd memory(::open(program.memory.c_str(), O_RDONLY | O_CLOEXEC));
    if (!memory && (errno == EMFILE || errno == ENFILE))
        throw failure(called(program) + " cannot be looked at: too many files are open; raise the limit (ulimit -n)");
    struct stat about{};
    if (!memory || ::fstat(memory.get(), &about) != 0 || about.st_dev != program.device ||
        about.st_ino != program.inode) {
        throw failure(called(program) + " ended while it was looked at");
    }
    // Without the seals its file could become shorter under our eyes.
    if (!shm::segment::is_one(memory.get()))
        throw failure("process " + std::to_string(program.pid) + " is no part of a program of troupe");
    return memory;
}

std::unique_ptr<shm::program_view> view_of(const program_found& program) {
    base::owned_fd memory = open_memory(program);
    check_layout(memory.get(), program);
    try {
        return std::make_unique<shm::program_view>(shm::program_view::attach(std::move(memory)));
    } catch (const corrupt&) {
        throw failure("the shared memory of " + called(program) + " is damaged: its size is not what its header says");
    } catch (const out_of_memory& problem) {
        throw failure(problem.what());
    }
}

std::vector<std::string> in_sentences(const std::vector<std::string>& damaged, const program_found& program) {
    std::vector<std::string> sentences;
    sentences.reserve(damaged.size());
    for (const std::string& one : damaged) {
        sentences.push_back("the shared memory of " + called(program) + " is damaged (" + one + "); that is left out");
    }
    return sentences;
}

// Rows name other actors, and these are known once all are read.
void name_others(std::vector<actor_seen>& actors, const actor_index& index, const channel_reader& channels,
                 const cell_reader& cells) {
    for (actor_seen& one : actors) {
        for (waiting_row& wait : one.row.waits) {
            const auto is = [&](shm::waiting_kind kind) { return wait.kind == name_of(kind); };
            if (is(shm::waiting_kind::reply) || is(shm::waiting_kind::end)) wait.of_name = index.name_of(wait.of);
            if (is(shm::waiting_kind::room)) wait.of_name = index.name_of(channels.reader_of(wait.of));
            if (!is(shm::waiting_kind::lock)) continue;
            if (const auto& lock = cells.read(wait.of)) wait.holder_name = index.name_of(lock->holder);
        }
    }
}

// Who waits for a channel says so in its own list.
void note_waiting(std::vector<channel_row>& channels, const std::vector<actor_seen>& actors) {
    std::map<std::uint64_t, channel_row*> by_id;
    for (channel_row& one : channels) by_id[one.id] = &one;
    for (const actor_seen& actor : actors) {
        for (const waiting_row& wait : actor.row.waits) {
            const auto found = by_id.find(wait.of);
            if (found == by_id.end()) continue;
            if (wait.kind == name_of(shm::waiting_kind::room)) found->second->waiting_writers.push_back(actor.row.id);
            for (const auto kind : {shm::waiting_kind::mailbox, shm::waiting_kind::queue, shm::waiting_kind::pipe}) {
                if (wait.kind == name_of(kind)) found->second->waiting_readers.push_back(actor.row.id);
            }
        }
    }
}

void note_names(std::vector<actor_seen>& actors, const std::vector<name_row>& names) {
    for (actor_seen& one : actors) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i].actor == one.row.id) one.row.names.push_back(i);
        }
    }
}

}  // namespace

observer::observer(program_found program)
    : program_(std::move(program)), process_(program_.pid), pids_(program_.pid), view_(view_of(program_)) {
    read_types();
}

void observer::read_types() {
    const std::uint32_t length = view_->header().catalogue.get();
    if (types_ != nullptr && length == types_length_) return;
    types_ = std::make_unique<type_names>(*view_);
    types_length_ = length;
}

void observer::throw_if_ended() const {
    if (ended()) throw failure(called(program_) + " ended while it was looked at");
}

program_row observer::about_program() const {
    program_row row;
    const auto identity = shm::read_identity(view_->memory().fd());
    if (!identity)
        throw failure("the shared memory of " + called(program_) + " is damaged: it does not say what it is");
    row.pid = identity->pid;
    row.outer_pid = program_.pid == identity->pid ? 0 : program_.pid;
    row.name = identity->name.empty() ? program_.name : identity->name;
    row.executable = read_link("/proc/" + std::to_string(program_.pid) + "/exe");
    row.library = identity->library;
    row.layout = identity->layout;
    row.began = static_cast<double>(identity->began) / ns_a_second;
    row.began_wall = static_cast<double>(identity->began_at) / ns_a_second;
    row.shared_bytes = view_->blocks().backed_bytes();
    row.shared_budget = view_->header().budget;
    row.ends = view_->header().ends.get();
    row.open_files = view_->header().open_files.get();
    return row;
}

// What an actor has handled is known at each message, and since when only at each turn, which may have many. So a
// handler that another has ended before, since the last look, has begun after that look.
void observer::compare_with_last(std::vector<actor_seen>& actors) {
    std::map<std::pair<std::uint64_t, std::int32_t>, sample> now;
    for (actor_seen& one : actors) {
        actor_row& row = one.row;
        const std::pair key(row.id, row.pid);
        const sample seen{row.taken_at, one.cpu_time, row.handled};
        if (const auto before = last_.find(key); before != last_.end() && seen.at > before->second.at) {
            const sample& last = before->second;
            const std::uint64_t used = seen.cpu_time - std::min(seen.cpu_time, last.cpu_time);
            row.cpu = static_cast<double>(used) / ns_a_second / (seen.at - last.at);
            if (row.handling && row.waits.empty() && row.handled != last.handled && row.handling->since < last.at) {
                if (row.since == row.handling->since) row.since = last.at;
                row.handling->since = last.at;
            }
        }
        now[key] = seen;
    }
    last_ = std::move(now);
}

snapshot observer::look(const wanted& what) {
    throw_if_ended();
    read_types();
    if (!pids_.same()) pids_ = pid_map(program_.pid);  // actors have come and gone since
    snapshot seen;
    std::vector<std::string> damaged;
    seen.program = about_program();
    const actor_reader actor_reader = reader();
    std::vector<actor_seen> actors = actor_reader.read_all(damaged);
    const actor_index index(actors);
    const channel_reader channels(*view_, *types_, index);
    const cell_reader cells(*view_, index);
    for (actor_seen& one : actors) {
        one.row.mailbox = channels.mailbox_of(one.row.slot, damaged);
        seen.program.restarts += one.row.restarts;
    }
    compare_with_last(actors);
    name_others(actors, index, channels, cells);
    if (what.channels) {
        seen.channels = channels.read_all(counts_, damaged);
        note_waiting(seen.channels, actors);
    }
    if (what.cells) seen.cells = cells.read_all();
    if (what.lists) {
        seen.names = read_names(*view_);
        seen.circles = read_circles(*view_, index);
        note_names(actors, seen.names);
    }
    if (what.graph) {
        seen.edges = find_edges(actors, cells, channels);
        seen.cycles = find_cycles(actors, seen.edges, actor_reader, channels);
    }
    if (what.pools) seen.pools = pool_reader(*view_, *types_).read_all(actors);
    for (actor_seen& one : actors) seen.actors.push_back(std::move(one.row));
    seen.damaged = in_sentences(damaged, program_);
    throw_if_ended();
    return seen;
}

std::vector<message_row> observer::messages(std::uint64_t channel, bool contents) {
    throw_if_ended();
    read_types();
    std::vector<std::string> damaged;
    const std::vector<actor_seen> actors = reader().read_all(damaged);
    const actor_index index(actors);
    std::vector<message_row> rows = channel_reader(*view_, *types_, index).messages(channel, contents);
    throw_if_ended();
    return rows;
}

std::vector<std::byte> observer::content_of(const message_row& message) const {
    if (!message.beside) return message.content;
    const mail::parcel_label label{message.beside->block, message.beside->stamp, message.beside->length, 0};
    return read_parcel(*view_, label).value_or(std::vector<std::byte>());
}

std::vector<event_row> observer::last_events(std::uint16_t slot, std::size_t most) {
    if (slot >= view_->processes().reached()) return {};
    std::vector<std::string> damaged;
    const std::vector<actor_seen> actors = reader().read_all(damaged);
    const actor_index index(actors);
    const shm::recorder& recorder = view_->process(slot).told.last;
    const std::uint64_t count = recorder.count();
    const std::uint64_t wanted = std::min<std::uint64_t>({count, most, shm::recorder::capacity});
    std::vector<std::pair<std::uint64_t, shm::event>> copied;
    for (std::uint64_t i = count - wanted; i < count; ++i) copied.emplace_back(i, recorder.at(i));
    shm::has_read();
    const std::uint64_t now = recorder.count();  // what may have been written over since is left out
    const std::uint64_t good = now < shm::recorder::capacity ? 0 : now - shm::recorder::capacity + 1;
    std::vector<event_row> rows;
    for (const auto& [number, event] : copied) {
        if (number < good) continue;
        const std::uint64_t peer = index.in_slot(event.peer);
        rows.push_back({name_of(event.kind), event.type != 0 ? types_->name_of(event.type) : std::string(), peer,
                        index.name_of(peer), event.position, whole_time(event.ms)});
    }
    return rows;
}

}  // namespace troupe::inspect
