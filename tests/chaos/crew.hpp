// The actors that trouble is made for: producers and consumers of one queue, askers of servers, senders to sinks,
// stations whose news go to radios, and pairs that talk through a pipe, farms with pools of workers, tellers that share
// a till and some permits, and commanders, which run programs that are not troupe's. All are supervised, and note in
// the witness what they do. Where the program runs as root, some give that up; the senders are a process group, which
// is signalled as a whole.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <troupe/troupe.hpp>

namespace chaos {

inline constexpr auto patience = std::chrono::seconds(60);          // after which something counts as stuck
inline constexpr auto handler_deadline = std::chrono::seconds(10);  // of the servers, whose handlers take microseconds

// Under a lock; both grow together.
struct till {
    std::uint64_t entries = 0;
    std::uint64_t balance = 0;
};

struct item {
    std::uint32_t from = 0;
    std::uint32_t number = 0;
    std::vector<std::uint32_t> load = {};  // empty, or large enough to go beside the ring
};

item make_item(std::uint32_t from, std::uint32_t number);
bool is_whole(const item& one);

// What goes through the queue and to the sinks: now and then with an open file, from which the number can be read.
struct freight {
    item what;
    std::optional<troupe::descriptor> file = {};
};

freight make_freight(std::uint32_t from, std::uint32_t number);
bool is_whole(const freight& one);
// run_options::log of the program: notes in the witness what was written.
void read_log(const troupe::log_line& line);

class crew {
public:
    crew();
    troupe::task<> start();
    // Lets every actor come to its end, and checks that it does; throws timed_out when one does not.
    troupe::task<> finish();
    // Ends every actor, so that a failure can be told.
    troupe::task<> give_up();

    std::size_t restarts() const noexcept;

private:
    troupe::queue<freight> items_;
    troupe::shared<till> till_;
    troupe::semaphore permits_;
    // A supervisor starts one child after the other; all of them in one would mostly wait.
    troupe::supervisor consumers_, producers_, clients_, pairs_, farms_, tellers_,
        commanders_;               // their children end by themselves
    troupe::supervisor services_;  // these are stopped
};

}  // namespace chaos
