// The logger: it reads the ring of the program's log and writes its lines to stderr, or gives them to the program's own
// function (`run_options::log`). It is the ring's one reader, in a process of its own that the keeper starts.
//
// While lines come it looks every 10 ms and is not parked, so that no writer makes a system call. After a second
// without lines it parks, and the next writer has it rung.
//
// A record is consumed when its line is written. If the logger is killed between the two, the next one writes once more
// what was in hand: a line, where the program's function gets them, and else up to 64 KiB of lines. A line on which
// that function has died twice is written to stderr.
//
// At the end of the program the logger writes what is there. Every other process has ended then, so that nobody is in
// the middle of a claim.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <troupe/run.hpp>

#include "base/clock.hpp"
#include "logging/entry.hpp"
#include "logging/error_stream.hpp"
#include "logging/line_format.hpp"
#include "shm/program_memory.hpp"
#include "shm/ring_reader.hpp"

namespace troupe::logging {

class logger {
public:
    // The log has a ring. Without a function, lines go to stderr.
    logger(shm::program_memory& memory, const shm::ring& ring, log_function function);
    logger(const logger&) = delete;
    logger& operator=(const logger&) = delete;

    // Takes over from an earlier reader. Returns false if the ring is damaged.
    bool recover() { return reader_.recover(); }
    // Until the program ends, or the ring is damaged: then it returns false. `bell` is an eventfd that is written to
    // when lines wait, `lifeline` a descriptor at which the end of the program is seen.
    bool run(int bell, int lifeline);
    // When every other process has ended: writes what is left, and waits for nobody after that time.
    void write_rest(base::time_point until);

private:
    shm::log_record& record() const noexcept { return memory_.header().log; }
    bool program_is_gone() const noexcept;
    // One batch at most; how many bytes of records it was.
    std::size_t write_some(base::time_point until = base::time_point::max());
    std::size_t hand_out();
    std::size_t write_batch(base::time_point until);
    void call(const log_line& line);
    void tell_dropped(std::uint64_t dropped);
    void tell(std::string_view text, log_level level);
    void look_for_dropped(base::time_point until);
    void wait(int bell, int lifeline, int ms);
    void sleep(int bell, int lifeline);

    shm::program_memory& memory_;
    log_function function_;
    shm::ring_reader reader_;
    error_stream stream_;
    line_format format_;
    std::string text_;                // to be written
    std::vector<shm::record> taken_;  // whose lines these are
    std::uint64_t told_;              // of the lines that were dropped
    bool everyone_has_ended_ = false;
    bool damaged_ = false;
    bool hung_up_ = false;  // the lifeline is over: the program is about to end, or has ended
    bool said_that_it_throws_ = false;
};

}  // namespace troupe::logging
