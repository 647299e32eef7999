// What a process does for `this_actor::log`: it puts lines into the ring of the program's log.
//
// The ring is made by whoever logs first (shm/log_record.hpp). A line exists from its commit on, and is written
// whatever becomes of this process. One that finds no room is counted, and dropped. Where there is no ring to be had,
// or no logger, this process writes its lines to stderr itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <troupe/log.hpp>

#include "logging/entry.hpp"
#include "logging/error_stream.hpp"
#include "logging/line_format.hpp"
#include "shm/channel_id.hpp"
#include "shm/ring_writer.hpp"

namespace troupe::actors {

class own_process;

class line_writer {
public:
    explicit line_writer(own_process& here);
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;

    void write(log_level level, std::string_view text);

private:
    bool open();
    shm::channel_id make_ring();
    void wake_logger() noexcept;
    void write_alone(const logging::entry_head& head, std::string_view text);

    own_process& here_;
    std::string name_;
    std::int32_t pid_;
    std::optional<shm::ring_writer> writer_;
    std::uint32_t rung_ = 0;  // the logger's count of wake-ups, plus 1, at which this process had it rung
    logging::line_format format_;
    logging::error_stream stream_;
};

}  // namespace troupe::actors
