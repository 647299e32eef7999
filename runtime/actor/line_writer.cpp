#include "actor/line_writer.hpp"

#include <time.h>
#include <unistd.h>

#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "base/step.hpp"
#include "channel/making.hpp"
#include "shm/ring_reader.hpp"
#include "shm/shared_text.hpp"

namespace troupe {
namespace actors {
namespace {

std::int64_t nanoseconds_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Not in the middle of a character.
std::string_view shortened(std::string_view text) noexcept {
    if (text.size() <= longest_log_text) return text;
    std::size_t end = longest_log_text;
    while (end > longest_log_text - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace

line_writer::line_writer(own_process& here)
    : here_(here), name_(shm::load_text(here.participant().self().who.name)), pid_(getpid()) {}

// --- the ring ------------------------------------------------------------------------------------------------------

shm::channel_id line_writer::make_ring() {
    channel::participant& self = here_.participant();
    shm::program_memory& memory = here_.memory();
    const shm::channel_id made = channel::make_channel(self, shm::channel_kind::log, shm::log_ring_bits, {});
    shm::channel_record& record = memory.channel(made.index());
    // crash: the keeper looks at what it may have written to, and frees the channel unless it is the program's
    self.self().wrote_to.add(made.index());
    record.holders.add(shm::end::sending, self.slot());
    memory.channels().open(made);
    TROUPE_STEP("log: ring open");
    // It has no reader yet: whoever writes the first line has one started.
    shm::ring_reader reader(memory.channels().ring_of(record), memory.processes().owners());
    if (!reader.recover() || reader.park() != shm::sight::empty) throw corrupt("the ring of the log is damaged");
    TROUPE_STEP("log: ring parked");
    const bool first = memory.header().log.set_ring(made);
    TROUPE_STEP("log: ring named");
    record.holders.remove(shm::end::sending, self.slot());
    if (!first) here_.tell_keeper({.word = keepers::keeper_word::look_at, .subject = made.value});
    return memory.header().log.ring();
}

bool line_writer::open() {
    shm::program_memory& memory = here_.memory();
    try {
        shm::channel_id id = memory.header().log.ring();
        if (!id) id = make_ring();
        here_.participant().self().wrote_to.add(id.index());
        writer_.emplace(memory.channels().ring_of(memory.channel(id.index())), here_.participant().owner());
        return true;
    } catch (const error&) {
        return false;  // no memory, or a damaged ring: the line is written without one
    }
}

void line_writer::wake_logger() noexcept {
    const std::uint32_t now = here_.memory().header().log.epoch() + 1;
    if (std::exchange(rung_, now) == now) return;
    here_.tell_keeper({.word = keepers::keeper_word::lines_wait});
}

// --- lines ---------------------------------------------------------------------------------------------------------

void line_writer::write_alone(const logging::entry_head& head, std::string_view text) {
    const std::chrono::nanoseconds since_1970(head.time);
    std::string line;
    format_.append(line, {.time = std::chrono::system_clock::time_point(
                              std::chrono::duration_cast<std::chrono::system_clock::duration>(since_1970)),
                          .level = head.level,
                          .actor = name_,
                          .pid = pid_,
                          .text = text,
                          .cut = head.cut});
    stream_.write(line);
}

void line_writer::write(log_level level, std::string_view text) {
    if (level > log_level::error) throw misuse("this_actor::log was given a level that is none: use troupe::log_level");
    const std::string_view kept = shortened(text);
    shm::log_record& log = here_.memory().header().log;
    const logging::entry_head head{.time = nanoseconds_now(),
                                   .dropped = log.dropped(),
                                   .cut = static_cast<std::uint32_t>(text.size() - kept.size()),
                                   .pid = pid_,
                                   .level = level,
                                   .name_bytes = static_cast<std::uint8_t>(name_.size())};
    if (log.given_up() || (!writer_ && !open())) return write_alone(head, kept);
    shm::claim claim;
    switch (writer_->try_claim(logging::entry_bytes(name_, kept), shm::most_messages, claim)) {
    case shm::room::claimed: break;
    case shm::room::full: log.count_dropped(); return;
    case shm::room::closed:
    case shm::room::corrupt: return write_alone(head, kept);
    }
    logging::write_entry(claim.payload(), head, name_, kept);
    const bool parked = claim.commit(logging::line_record);
    TROUPE_STEP("log: line committed");
    if (parked) wake_logger();
}

}  // namespace actors

void this_actor::log(log_level level, std::string_view text) { actors::own_process::here().log().write(level, text); }

}  // namespace troupe
