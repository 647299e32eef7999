#include "base/post_mortem.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>

namespace troupe::base {

void post_mortem::clear() noexcept {
    limits.set(0);
    cpu_seconds.set(0);
    memory_refused.set(0);
    signal.clear();
    stack_overflow.set(0);
    wrote_to_frozen.set(0);
    frame_count.clear();
    peak_memory.set(0);
    cpu_time.set(0);
    memory_full = 0;
}

namespace {

std::vector<stack_frame> frames_of(const post_mortem& page) {
    const std::size_t count = std::min<std::size_t>(page.frame_count.get(), most_frames);
    std::vector<stack_frame> frames(count);
    for (std::size_t i = 0; i < count; ++i) {
        const raw_frame& raw = page.frames[i];
        frames[i].offset = raw.where;
        if (raw.module >= page.modules.size()) continue;
        const char* path = page.modules.data() + raw.module;
        frames[i].module.assign(path, strnlen(path, page.modules.size() - raw.module));
    }
    return frames;
}

}  // namespace

bool tells_of(const post_mortem& page, const exit_status& status, std::uint32_t incarnation) {
    const int signal = page.signal.get();
    return signal != 0 && signal == status.signal() && page.incarnation.get() == incarnation;
}

// A limit that somebody else set (ulimit) counts as well where the signal alone says so.
limit_reached limit_of(const exit_status& status, std::string_view exception, const post_mortem& page,
                       std::uint32_t incarnation) {
    const std::uint32_t limits = page.limits.get();
    const bool refused = page.memory_refused.get() == incarnation;
    if (status.signal() == SIGXCPU) return limit_reached::cpu_time;
    if (status.signal() == SIGXFSZ) return limit_reached::file_size;
    if (status.signal() == SIGKILL && (limits & limited_cpu_time) != 0) {
        // It handles SIGXCPU, and is killed a second later. The kernel lays a whole tick to whoever runs when it comes,
        // and tells us what was really used: on a busy machine that is less at times, by a tenth of a second or more.
        constexpr std::chrono::duration<double> most_apart = std::chrono::seconds(20);
        const std::chrono::seconds limit(page.cpu_seconds.get());
        if (status.cpu_time() > limit - std::min(limit / 10.0, most_apart)) return limit_reached::cpu_time;
    }
    if ((limits & limited_memory) == 0) return limit_reached::none;
    const bool gave_up = status.signal() == SIGABRT && refused;
    const bool fell_over = tells_of(page, status, incarnation) && page.memory_full != 0;
    return exception == "std::bad_alloc" || gave_up || fell_over ? limit_reached::memory : limit_reached::none;
}

void complete(exit_status& status, const post_mortem& page, std::uint32_t incarnation) {
    detail::end_details& details = status.details();
    details.peak_memory = page.peak_memory.get();
    details.cpu_time = std::chrono::nanoseconds(static_cast<std::int64_t>(page.cpu_time.get()));
    details.limit = limit_of(status, status.exception_type(), page, incarnation);
    if (!tells_of(page, status, incarnation)) return;
    details.fault_address = page.fault_address;
    details.signal_code = page.signal_code;
    details.stack_overflow = page.stack_overflow.get() != 0;
    details.wrote_to_frozen = page.wrote_to_frozen.get() != 0;
    details.frames = frames_of(page);
}

}  // namespace troupe::base
