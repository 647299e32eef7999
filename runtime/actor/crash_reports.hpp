// What `run_options::report_crashes` asks for: the report of every actor that ends badly, on the program's stderr.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "channel/participant.hpp"
#include "logging/error_stream.hpp"
#include "loop/source.hpp"

namespace troupe::actors {

// In the program, while it runs. The keeper counts the crashes in the program's header, and rings it at each; when the
// count has changed it looks at all slots, and so at its own end. What it does not find there any more it knows by the
// count. The first ten are written in full; of further ones the number, when it has doubled and at the end.
class crash_reports final : private loop::source {
public:
    explicit crash_reports(channel::participant& participant);
    ~crash_reports();
    crash_reports(const crash_reports&) = delete;
    crash_reports& operator=(const crash_reports&) = delete;

private:
    static constexpr std::uint64_t most_in_full = 10;
    struct ending {
        std::uint64_t actor = 0;
        std::uint32_t incarnation = 0;
        friend bool operator==(const ending&, const ending&) = default;
    };

    bool poll() override;
    bool glance() override { return false; }  // no coroutine waits for a report: what spins goes on
    loop::parking park() override { return is_due() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    bool is_due() const noexcept { return participant_.memory().header().crashes.get() != crashes_seen_; }
    void look_at(std::uint16_t slot);
    void say(const std::string& text) noexcept;

    channel::participant& participant_;
    logging::error_stream out_;
    std::uint64_t crashes_seen_;
    std::uint64_t in_full_ = 0;
    std::uint64_t counted_ = most_in_full;  // as it was said last
    std::vector<ending> reported_;          // by slot
};

}  // namespace troupe::actors
