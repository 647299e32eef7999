#include "logging/logger.hpp"

#include <poll.h>
#include <unistd.h>

#include <utility>

#include "base/step.hpp"
#include "base/type_name.hpp"

namespace troupe::logging {
namespace {

constexpr std::size_t batch_bytes = std::size_t{64} << 10;
constexpr std::size_t many_bytes = std::size_t{16} << 10;  // at one look: there is likely to be more by now
constexpr int pause_ms = 10, short_pause_ms = 1;
constexpr int grace_ms = 20;  // the kernel ends the actors of a program that was killed
constexpr std::chrono::seconds silence(1);
constexpr unsigned most_seconds_at_end = 1;
constexpr std::uint32_t most_deaths_on_a_line = 2;

}  // namespace

logger::logger(shm::program_memory& memory, const shm::ring& ring, log_function function)
    : memory_(memory),
      function_(function),
      reader_(ring, {[](const void* of, shm::owner_id owner) noexcept {
                         const auto& here = *static_cast<const logger*>(of);
                         return here.everyone_has_ended_ || here.memory_.processes().owners().is_dead(owner);
                     },
                     this}),
      told_(record().told.get()) {}

bool logger::program_is_gone() const noexcept { return getppid() != memory_.header().program_pid; }

// --- what is written -----------------------------------------------------------------------------------------------

void logger::tell(std::string_view text, log_level level) {
    const log_line line{
        .time = std::chrono::system_clock::now(), .level = level, .actor = "troupe-log", .pid = getpid(), .text = text};
    if (function_ != nullptr) {
        call(line);
    } else {
        format_.append(text_, line);
    }
}

void logger::tell_dropped(std::uint64_t dropped) {
    if (dropped <= told_) return;
    const std::uint64_t more = dropped - told_;
    tell(std::to_string(more) + (more == 1 ? " line was" : " lines were") +
             " dropped here: more than 1 MiB waited to be written",
         log_level::warning);
    told_ = dropped;
}

// Nothing is left in the ring behind which lines were dropped.
void logger::look_for_dropped(base::time_point until) {
    if (record().dropped() == told_) return;
    text_.clear();
    tell_dropped(record().dropped());
    stream_.write(text_, until);
    record().told.set(told_);
}

void logger::call(const log_line& line) {
    try {
        return function_(line);
    } catch (...) {
        if (!std::exchange(said_that_it_throws_, true)) {
            const base::caught thrown = base::current_exception_description();
            stream_.write("troupe: run_options::log threw " + thrown.type + (thrown.text.empty() ? "" : ": ") +
                          thrown.text + "; lines for which it does so are written here\n");
        }
    }
    std::string text;
    format_.append(text, line);
    stream_.write(text);
}

std::size_t logger::hand_out() {
    std::size_t bytes = 0;
    shm::record found;
    shm::sight seen = shm::sight::empty;
    while (bytes < batch_bytes && (seen = reader_.look(found)) == shm::sight::message) {
        bytes += found.bytes;
        const std::uint64_t position = found.position + 1;
        const bool again = record().in_hand.get() == position;
        const std::uint32_t times = again ? record().times_in_hand.get() : 0;
        record().in_hand.set(position);
        record().times_in_hand.set(times + 1);
        TROUPE_STEP("log: line in hand");
        if (const auto read = read_entry(found)) {
            tell_dropped(read->head.dropped);
            if (times < most_deaths_on_a_line) {
                call(read->line);
            } else {
                text_.clear();
                format_.append(text_, read->line);
                stream_.write(text_);
            }
        } else {
            tell("a damaged line was left out", log_level::warning);
        }
        reader_.consume(found);
        record().in_hand.set(0);
        record().told.set(told_);
        record().count_progress();
        reader_.flush_when_due();
    }
    reader_.flush();
    damaged_ = seen == shm::sight::corrupt;
    return bytes;
}

std::size_t logger::write_batch(base::time_point until) {
    text_.clear();
    taken_.clear();
    std::size_t bytes = 0;
    shm::record found;
    shm::sight seen = reader_.look(found);
    while (seen == shm::sight::message) {
        taken_.push_back(found);
        bytes += found.bytes;
        if (const auto read = read_entry(found)) {
            tell_dropped(read->head.dropped);
            format_.append(text_, read->line);
        } else {
            tell("a damaged line was left out", log_level::warning);
        }
        if (text_.size() >= batch_bytes) break;
        seen = reader_.look_after(shm::record(found), found);
    }
    damaged_ = seen == shm::sight::corrupt;
    if (taken_.empty()) return 0;
    stream_.write(text_, until);
    TROUPE_STEP("log: lines written");
    for (const shm::record& one : taken_) reader_.consume(one);
    record().told.set(told_);
    reader_.flush();
    record().count_progress();
    return bytes;
}

std::size_t logger::write_some(base::time_point until) {
    return function_ != nullptr ? hand_out() : write_batch(until);
}

// --- when ----------------------------------------------------------------------------------------------------------

// Until lines wait, the program ends, or the time is over; takes the rings. Each taking counts, also while it is awake:
// whoever rang it late, and rings once for each count, would not ring it from its next sleep.
void logger::wait(int bell, int lifeline, int ms) {
    pollfd both[] = {{bell, POLLIN, 0}, {hung_up_ ? -1 : lifeline, 0, 0}};
    poll(both, 2, hung_up_ && ms < 0 ? pause_ms : ms);
    if ((both[1].revents & POLLHUP) != 0) hung_up_ = true;
    if ((both[0].revents & POLLIN) == 0) return;
    std::uint64_t rings = 0;
    [[maybe_unused]] const ssize_t taken = read(bell, &rings, sizeof rings);
    record().count_wake_up();
}

void logger::sleep(int bell, int lifeline) {
    if (reader_.park() != shm::sight::empty) return wait(bell, lifeline, pause_ms);
    record().count_progress();
    wait(bell, lifeline, -1);
    reader_.unpark();
}

bool logger::run(int bell, int lifeline) {
    record().count_wake_up();
    record().begin();
    base::time_point last = base::steady_clock::now();
    bool ends = false;
    while (!damaged_) {
        const std::size_t found = write_some();
        const bool gone = program_is_gone();
        if (!ends && (gone || record().ending())) {
            ends = true;
            alarm(most_seconds_at_end);
            // Where it is the keeper that says so, the actors have ended.
            if (gone) wait(bell, -1, grace_ms);
            everyone_has_ended_ = true;
            continue;
        }
        if (found == 0) look_for_dropped(base::time_point::max());
        if (ends && found == 0) return true;
        if (ends || found >= many_bytes) continue;
        const base::time_point now = base::steady_clock::now();
        if (found != 0) last = now;
        if (now - last < silence) {
            wait(bell, lifeline, found != 0 ? short_pause_ms : pause_ms);
        } else {
            sleep(bell, lifeline);
        }
    }
    return false;
}

void logger::write_rest(base::time_point until) {
    everyone_has_ended_ = true;
    while (!damaged_ && (!stream_.refused() || base::steady_clock::now() < until) && write_some(until) != 0) {
    }
    look_for_dropped(until);
}

}  // namespace troupe::logging
