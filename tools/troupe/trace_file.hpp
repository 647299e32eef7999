// A trace as the JSON that Perfetto and chrome://tracing read. It is written as the events come, so a long trace needs
// no memory; what is remembered is which handlers run, and which messages are on their way.
//
// Each actor has a track. Its handlers are slices; one that has not returned stays open. A message that was sent, or
// taken, is a slice as short as can be, because arrows go from slice to slice. An arrow is written when both of its
// ends are known. What else an actor does is an instant.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "inspect/observation.hpp"

namespace troupe::tool {

class trace_file {
public:
    // `start`: ns of the monotonic clock. The file stays the caller's.
    trace_file(std::FILE* into, std::int32_t pid, const std::string& program, std::uint64_t start);

    // The name of a track; said again when it has changed.
    void name_actor(std::uint16_t slot, const std::string& name);
    // A handler that began before the trace.
    void open_handler(std::uint16_t slot, const std::string& type, double seconds_before);
    void add(const inspect::traced_row& row, const std::string& type);
    void note_lost(std::uint16_t slot, std::uint64_t events, std::uint64_t ns);
    // Forgets messages whose other end is not to be expected any more.
    void forget_before(std::uint64_t ns);
    void finish();

    std::uint64_t events() const { return events_; }
    std::uint64_t arrows() const { return arrows_; }
    std::size_t tracks() const { return names_.size(); }

private:
    struct handler {
        std::uint32_t number = 0;  // 0: it began before the trace
        bool is_open = false;
    };
    struct record {
        std::uint64_t ns = 0;
        std::uint16_t slot = 0;
        bool has_arrow = false;
    };

    void write(const std::string& event);
    std::string where(std::uint16_t slot, std::size_t lane, std::uint64_t ns) const;
    std::string peer_name(std::uint16_t slot) const;
    void begin_handler(const inspect::traced_row& row, const std::string& type);
    void end_handler(std::uint16_t slot, std::uint32_t number, std::uint64_t ns);
    void end_all_handlers(std::uint16_t slot, std::uint64_t ns);
    void add_record(const inspect::traced_row& row, const std::string& type);
    void add_instant(const inspect::traced_row& row, const std::string& type);
    void draw(const record& from, const record& to, const std::string& type);

    std::FILE* into_;
    std::int32_t pid_;
    std::uint64_t start_;
    std::uint64_t events_ = 0, arrows_ = 0;
    bool is_first_ = true;
    std::map<std::uint16_t, std::string> names_;
    std::map<std::uint16_t, std::vector<handler>> handlers_;  // of a slot, by lane
    // By the channel and the position in its ring.
    std::unordered_map<std::uint64_t, record> sent_;
    std::unordered_multimap<std::uint64_t, record> taken_;
};

}  // namespace troupe::tool
