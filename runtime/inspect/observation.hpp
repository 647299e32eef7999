// Observing a program: asking its keeper for it, and reading what its processes write down meanwhile.
//
// The blocks are read with pread, and each is checked for what it is before and after: the keeper may free it at any
// moment, and what it holds is input. Nobody waits for a reader, so a trace has losses where it is not read in time;
// they are counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "inspect/observer.hpp"
#include "shm/timing.hpp"
#include "shm/trace.hpp"

namespace troupe::inspect {

// The wish to observe, an or of shm::observed. The keeper forgets it after some seconds, so it is to be kept up.
class observing {
public:
    // Both throw failure when the keeper does not answer.
    observing(const observer& of, std::uint32_t what);
    void keep_up();

private:
    void ask();

    const observer& of_;
    std::uint32_t what_;
    std::chrono::steady_clock::time_point asked_at_{};
};

struct traced_row {
    std::uint16_t slot = 0;
    shm::traced_event event;
};

class trace_reader {
public:
    // What was traced before this, for somebody else, is left out.
    explicit trace_reader(const observer& of);

    // What came since the last time: of each actor in its order.
    std::vector<traced_row> read();
    // How many events of a slot were overwritten before they were read; those that have lost none are left out.
    const std::map<std::uint16_t, std::uint64_t>& lost() const noexcept { return lost_; }
    // Slots with a living process, for which there was no memory.
    std::vector<std::uint16_t> without_trace() const;

private:
    struct reached {
        std::uint64_t block = 0;
        std::uint32_t began_in = 0;
        std::uint64_t next = 0;
    };
    enum class wanted { events, nothing };
    void read_slot(std::uint16_t slot, wanted what, std::vector<traced_row>& into);

    const observer& of_;
    std::map<std::uint16_t, reached> reached_;
    std::map<std::uint16_t, std::uint64_t> lost_;
};

// Seconds.
struct latency_quantiles {
    std::uint64_t count = 0;
    double mean = 0, half = 0, nine_in_ten = 0, ninety_nine = 0, longest = 0;
};
struct latency_row {
    std::string type;  // of the message; "other types" for those that found no row
    latency_quantiles handling;
    latency_quantiles queueing;  // from the sending until it is taken; not of requests
};

class latency_reader {
public:
    explicit latency_reader(const observer& of) : of_(of) {}

    // Of all actors together, by type, those with the most messages first: since the last call, or since the actors
    // are observed. What was longest is that of all the time.
    std::vector<latency_row> read();

private:
    struct counts {
        std::vector<std::uint64_t> of_bucket;
        std::uint64_t sum = 0, longest = 0;
    };
    struct pair {
        counts handling, queueing;
    };
    using by_type = std::map<std::uint64_t, pair>;  // as timing_row::type; 0: the rest

    static void add(const shm::time_histogram& from, counts& to);
    void read_slot(std::uint16_t slot, by_type& into) const;
    static latency_quantiles since(const counts& before, const counts& now);

    const observer& of_;
    // Of each slot, because one that ends takes its counts with it.
    std::map<std::uint16_t, by_type> before_;
};

// Observes for so long. Throws failure.
std::vector<latency_row> latencies(const observer& of, std::chrono::milliseconds over);

}  // namespace troupe::inspect
