#include "inspect/ends.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <troupe/exit_status.hpp>

#include "shm/exit_log.hpp"
#include "shm/shared_text.hpp"

namespace troupe::inspect {
namespace {

using shm::end_record;

bool read_at(int file, void* into, std::size_t bytes, std::size_t offset) {
    return pread(file, into, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

// One by one and not mapped: a look at a record that was never written would make a page of it.
bool read_record(const shm::program_view& program, std::uint64_t number, end_record& into) {
    const int file = program.memory().fd();
    const std::size_t offset = program.log_of_ends().offset_of(number);
    const auto is_that_one = [&] {
        end_record::number_word now;
        return read_at(file, &now, sizeof now, offset + offsetof(end_record, number)) && now.get() == number;
    };
    return is_that_one() && read_at(file, static_cast<void*>(&into), sizeof into, offset) && is_that_one();
}

bool has_address(const end_record& from) {
    constexpr std::array with_one{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    const int code = from.crash_code.get();
    return std::find(with_one.begin(), with_one.end(), from.crash_signal.get()) != with_one.end() && code > 0 &&
           code != SI_KERNEL;
}

// With all that a sentence about it needs.
exit_status status_of(const end_record& from, const end_row& row) {
    exit_status status = shm::unpack_end(from.end.get(), from.actor.get()).value_or(exit_status::from_nothing());
    if (status.exited() && status.code() == 1 && !row.exception_type.empty()) {
        status = exit_status::from_exception(row.exception_type, row.exception_text);
    }
    detail::end_details& details = status.details();
    details.fault_address = from.fault_address.get();
    details.signal_code = from.crash_code.get();
    details.stack_overflow = from.stack_overflow.get() != 0;
    details.wrote_to_frozen = from.wrote_to_frozen.get() != 0;
    details.hung = from.hung.get() != 0;
    details.message_type = row.message;
    const std::uint32_t limit = from.limit.get();
    if (limit <= static_cast<std::uint32_t>(limit_reached::file_size))
        details.limit = static_cast<limit_reached>(limit);
    return status;
}

std::vector<frame_row> frames_of(const end_record& from) {
    const std::size_t count = std::min<std::size_t>(from.frame_count.get(), base::most_frames);
    std::vector<frame_row> rows(count);
    for (std::size_t i = 0; i < count; ++i) {
        const end_record::frame& one = from.frames[i];
        rows[i].offset = one.where.get();
        const std::size_t module = one.module.get();
        if (module >= from.modules.size()) continue;
        const char* const path = from.modules.data() + module;
        rows[i].module.assign(path, strnlen(path, from.modules.size() - module));
    }
    return rows;
}

// Whoever was in that slot then; an actor that has the slot by now may be another one.
class actors_seen {
public:
    explicit actors_seen(const shm::program_view& program) : program_(program) {}

    std::uint64_t in(std::uint16_t slot) const {
        return slot < program_.processes().reached() ? program_.process(slot).actor().value : 0;
    }
    std::string name_of(std::uint64_t actor, const std::vector<end_row>& ends) const {
        const detail::actor_id id{actor};
        if (!id) return {};
        if (id.slot() < program_.processes().reached() && program_.process(id.slot()).actor() == id) {
            return program_.processes().name_of(id);
        }
        const auto ended =
            std::find_if(ends.begin(), ends.end(), [actor](const auto& one) { return one.actor == actor; });
        return ended == ends.end() ? std::string() : ended->name;
    }

private:
    const shm::program_view& program_;
};

// The events have the low bits of a time that was not long before the end.
double seconds_of(std::uint32_t low_ms, std::uint64_t end_ms) {
    const std::uint32_t before = static_cast<std::uint32_t>(end_ms) - low_ms;
    return static_cast<double>(end_ms - std::min<std::uint64_t>(before, end_ms)) / 1000.0;
}

std::vector<event_row> events_of(const end_record& from, const type_names& types, const actors_seen& actors) {
    const std::size_t count = std::min<std::size_t>(from.event_count.get(), end_record::most_events);
    std::vector<event_row> rows(count);
    for (std::size_t i = 0; i < count; ++i) {
        const shm::event one = shm::event::of(from.events[i].first.get(), from.events[i].second.get());
        event_row& row = rows[i];
        row.kind = to_string(one.kind);
        if (one.type != 0) row.type = types.name_of(one.type);
        row.peer = actors.in(one.peer);
        row.position = one.position;
        row.at = seconds_of(one.ms, from.ms.get());
    }
    return rows;
}

end_row row_of(std::uint64_t number, const end_record& from, const type_names& types, const actors_seen& actors) {
    end_row row;
    row.number = number;
    row.actor = from.actor.get().value;
    row.slot = from.actor.get().slot();
    row.name = shm::load_text(from.name);
    if (row.name.empty()) row.name = types.function_of(from.entry.get());
    row.incarnation = from.incarnation.get();
    row.restarts = from.restarts.get();
    row.pid = from.pid.get();
    row.at = static_cast<double>(from.ms.get()) / 1000.0;
    row.wall_time = static_cast<double>(from.at.get()) / 1e9;
    if (const std::uint32_t type = from.message_type.get(); type != 0) {
        row.message = types.name_of(type);
        row.deliveries = std::max(1u, from.deliveries.get());
        row.from = from.from.get().value;
    }
    row.exception_type = shm::load_text(from.exception_type);
    row.exception_text = shm::load_text(from.exception_text);
    row.lost = from.lost.get();
    row.peak_memory = from.peak_memory.get();
    row.cpu_time = static_cast<double>(from.cpu_time.get()) / 1e9;
    row.frames = frames_of(from);
    row.last = events_of(from, types, actors);
    const exit_status status = status_of(from, row);
    row.text = to_string(status);
    row.signal = status.signal();
    row.code = status.exited() ? status.code() : 0;
    if (has_address(from)) row.fault_address = from.fault_address.get();
    return row;
}

}  // namespace

const char* to_string(shm::event_kind kind) noexcept {
    switch (kind) {
    case shm::event_kind::none: break;
    case shm::event_kind::began: return "began";
    case shm::event_kind::handling: return "handling";
    case shm::event_kind::handled: return "handled";
    case shm::event_kind::asked: return "asked";
    case shm::event_kind::answered: return "answered";
    case shm::event_kind::refused: return "refused";
    case shm::event_kind::spawned: return "spawned";
    case shm::event_kind::woke: return "woke";
    case shm::event_kind::slept: return "slept";
    case shm::event_kind::ended: return "ended";
    case shm::event_kind::sent: return "sent";
    case shm::event_kind::taken: return "taken";
    }
    return "unknown";
}

std::vector<end_row> read_ends(const shm::program_view& program, const type_names& types) {
    const std::uint64_t last = program.header().ends.get();
    const std::uint64_t count = std::min<std::uint64_t>(last, shm::end_log_records);
    const actors_seen actors(program);
    const auto record = std::make_unique<end_record>();
    std::vector<end_row> rows;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (read_record(program, last - i, *record)) rows.push_back(row_of(last - i, *record, types, actors));
    }
    for (end_row& row : rows) {
        row.from_name = actors.name_of(row.from, rows);
        for (event_row& event : row.last) event.peer_name = actors.name_of(event.peer, rows);
    }
    return rows;
}

std::string how_ended(const shm::program_view& program, const type_names& types, std::uint64_t actor) {
    const std::uint64_t last = program.header().ends.get();
    const std::uint64_t count = std::min<std::uint64_t>(last, shm::end_log_records);
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t whose = 0;
        const std::size_t at = program.log_of_ends().offset_of(last - i) + offsetof(end_record, actor);
        if (!read_at(program.memory().fd(), &whose, sizeof whose, at) || whose != actor) continue;
        const auto record = std::make_unique<end_record>();
        if (!read_record(program, last - i, *record) || record->actor.get().value != actor) return {};
        return row_of(last - i, *record, types, actors_seen(program)).text;
    }
    return {};
}

}  // namespace troupe::inspect
