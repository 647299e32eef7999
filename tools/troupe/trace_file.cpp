#include "troupe/trace_file.hpp"

#include <nlohmann/json.hpp>

#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using inspect::traced_row;
using shm::event_kind;

constexpr std::size_t most_on_their_way = 1'000'000;  // messages of which one end is known
constexpr const char* shortest = "0.01";              // µs: less than lies between two events of an actor
constexpr unsigned lanes_apart = 4096;                // tracks of handlers that run beside each other

std::string quoted(const std::string& text) { return nlohmann::json(printable(text)).dump(); }

std::string microseconds(std::uint64_t ns) {
    std::string fraction = std::to_string(ns % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::to_string(ns / 1000) + '.' + fraction;
}

std::uint64_t key_of(const shm::traced_event& one) { return std::uint64_t{one.other} << 32 | one.what.position; }

const char* text_of(event_kind kind) {
    switch (kind) {
    case event_kind::began: return "began";
    case event_kind::asked: return "asked";
    case event_kind::answered: return "answered";
    case event_kind::refused: return "refused";
    case event_kind::spawned: return "spawned";
    case event_kind::woke: return "woke";
    case event_kind::slept: return "slept";
    case event_kind::ended: return "ended";
    case event_kind::none:
    case event_kind::handling:
    case event_kind::handled:
    case event_kind::sent:
    case event_kind::taken: break;
    }
    return "event";
}

}  // namespace

trace_file::trace_file(std::FILE* into, std::int32_t pid, const std::string& program, std::uint64_t start)
    : into_(into), pid_(pid), start_(start) {
    std::fputs("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n", into_);
    write(R"({"ph": "M", "name": "process_name", "pid": )" + std::to_string(pid_) + R"(, "args": {"name": )" +
          quoted(program) + "}}");
}

void trace_file::write(const std::string& event) {
    if (!is_first_) std::fputs(",\n", into_);
    is_first_ = false;
    std::fwrite(event.data(), 1, event.size(), into_);
}

// What every event has: the track, and when.
std::string trace_file::where(std::uint16_t slot, std::size_t lane, std::uint64_t ns) const {
    return "\"pid\": " + std::to_string(pid_) + ", \"tid\": " + std::to_string(slot + 1 + lane * lanes_apart) +
           ", \"ts\": " + microseconds(ns > start_ ? ns - start_ : 0);
}

std::string trace_file::peer_name(std::uint16_t slot) const {
    const auto known = names_.find(slot);
    return known != names_.end() ? known->second : "slot " + std::to_string(slot);
}

void trace_file::name_actor(std::uint16_t slot, const std::string& name) {
    std::string& known = names_[slot];
    if (known == name) return;
    known = name;
    const std::string track = "\"pid\": " + std::to_string(pid_) + ", \"tid\": " + std::to_string(slot + 1);
    write(R"({"ph": "M", "name": "thread_name", )" + track + R"(, "args": {"name": )" + quoted(name) + "}}");
    write(R"({"ph": "M", "name": "thread_sort_index", )" + track + R"(, "args": {"sort_index": )" +
          std::to_string(slot) + "}}");
}

// --- handlers ------------------------------------------------------------------------------------------------------

void trace_file::open_handler(std::uint16_t slot, const std::string& type, double seconds_before) {
    handlers_[slot] = {{0, true}};
    write(R"({"ph": "B", "name": )" + quoted(type) + ", " + where(slot, 0, start_) +
          R"(, "args": {"began_seconds_before": )" + nlohmann::json(seconds_before).dump() + "}}");
}

void trace_file::begin_handler(const traced_row& row, const std::string& type) {
    std::vector<handler>& lanes = handlers_[row.slot];
    // Nothing runs beside one that began before the trace: it is this one, or its end was not seen.
    if (!lanes.empty() && lanes[0].is_open && lanes[0].number == 0) end_handler(row.slot, 0, row.event.ns);
    std::size_t lane = 0;
    while (lane < lanes.size() && lanes[lane].is_open) ++lane;
    if (lane == lanes.size()) lanes.emplace_back();
    lanes[lane] = {row.event.other, true};
    const std::string from = row.event.what.peer == 0xffff ? "itself" : peer_name(row.event.what.peer);
    write(R"({"ph": "B", "name": )" + quoted(type) + ", " + where(row.slot, lane, row.event.ns) +
          R"(, "args": {"from": )" + quoted(from) + "}}");
}

void trace_file::end_handler(std::uint16_t slot, std::uint32_t number, std::uint64_t ns) {
    std::vector<handler>& lanes = handlers_[slot];
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        if (!lanes[lane].is_open || lanes[lane].number != number) continue;
        lanes[lane].is_open = false;
        write(R"({"ph": "E", )" + where(slot, lane, ns) + "}");
        return;
    }
}

void trace_file::end_all_handlers(std::uint16_t slot, std::uint64_t ns) {
    std::vector<handler>& lanes = handlers_[slot];
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        if (!lanes[lane].is_open) continue;
        lanes[lane].is_open = false;
        write(R"({"ph": "E", )" + where(slot, lane, ns) + "}");
    }
}

// --- messages ------------------------------------------------------------------------------------------------------

void trace_file::draw(const record& from, const record& to, const std::string& type) {
    const std::string id = std::to_string(++arrows_);
    const std::string name = R"("cat": "message", "name": )" + quoted(type) + ", \"id\": " + id + ", ";
    write(R"({"ph": "s", )" + name + where(from.slot, 0, from.ns) + "}");
    write(R"({"ph": "f", "bp": "e", )" + name + where(to.slot, 0, to.ns) + "}");
}

void trace_file::add_record(const traced_row& row, const std::string& type) {
    const bool is_sent = row.event.what.kind == event_kind::sent;
    write(R"({"ph": "X", "dur": )" + std::string(shortest) +
          ", \"name\": " + quoted((is_sent ? "sent " : "took ") + type) + ", " + where(row.slot, 0, row.event.ns) +
          R"(, "args": {"channel": )" + std::to_string(row.event.other & 0xffff) + R"(, "position": )" +
          std::to_string(row.event.what.position) + "}}");
    const std::uint64_t key = key_of(row.event);
    record mine{row.event.ns, row.slot};
    if (!is_sent) {
        // A record of several messages is taken several times.
        const auto sent = sent_.find(key);
        if (sent != sent_.end()) {
            sent->second.has_arrow = true;
            draw(sent->second, mine, type);
        } else if (taken_.size() < most_on_their_way) {
            taken_.emplace(key, mine);
        }
        return;
    }
    // The other end may have been read before this one.
    const auto [first, last] = taken_.equal_range(key);
    for (auto taken = first; taken != last; ++taken) {
        mine.has_arrow = true;
        draw(mine, taken->second, type);
    }
    taken_.erase(first, last);
    if (sent_.size() < most_on_their_way) sent_.insert_or_assign(key, mine);
}

void trace_file::forget_before(std::uint64_t ns) {
    std::erase_if(sent_, [ns](const auto& one) { return one.second.has_arrow && one.second.ns < ns; });
    std::erase_if(taken_, [ns](const auto& one) { return one.second.ns < ns; });
}

// --- all -----------------------------------------------------------------------------------------------------------

void trace_file::add_instant(const traced_row& row, const std::string& type) {
    const event_kind kind = row.event.what.kind;
    std::string about;
    if (kind == event_kind::asked || kind == event_kind::answered || kind == event_kind::refused) {
        about = "\"actor\": " + quoted(peer_name(row.event.what.peer)) +
                ", \"request\": " + std::to_string(row.event.what.position);
        if (!type.empty()) about += ", \"type\": " + quoted(type);
    } else if (kind == event_kind::spawned) {
        about = "\"actor\": " + quoted(peer_name(row.event.what.peer));
    } else if (kind == event_kind::began || kind == event_kind::ended) {
        about = "\"incarnation\": " + std::to_string(row.event.what.position);
    }
    write(R"({"ph": "i", "s": "t", "name": ")" + std::string(text_of(kind)) + "\", " +
          where(row.slot, 0, row.event.ns) + ", \"args\": {" + about + "}}");
}

void trace_file::add(const traced_row& row, const std::string& type) {
    ++events_;
    switch (row.event.what.kind) {
    case event_kind::none: break;
    case event_kind::handling: return begin_handler(row, type);
    case event_kind::handled: return end_handler(row.slot, row.event.other, row.event.ns);
    case event_kind::sent:
    case event_kind::taken: return add_record(row, type);
    case event_kind::ended: end_all_handlers(row.slot, row.event.ns); return add_instant(row, type);
    case event_kind::began:
    case event_kind::asked:
    case event_kind::answered:
    case event_kind::refused:
    case event_kind::spawned:
    case event_kind::woke:
    case event_kind::slept: return add_instant(row, type);
    }
}

// The ends of handlers may be among them.
void trace_file::note_lost(std::uint16_t slot, std::uint64_t events, std::uint64_t ns) {
    end_all_handlers(slot, ns);
    write(R"({"ph": "i", "s": "t", "name": )" + quoted(counted(events, "event") + " lost") + ", " + where(slot, 0, ns) +
          R"(, "args": {"events": )" + std::to_string(events) + "}}");
}

void trace_file::finish() { std::fputs("\n]}\n", into_); }

}  // namespace troupe::tool
