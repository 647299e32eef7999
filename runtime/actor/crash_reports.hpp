// What `run_options::report_crashes` asks for: the report of every actor that ends badly, on the program's stderr.
#pragma once

#include <cstdint>
#include <vector>

#include "channel/station.hpp"
#include "loop/source.hpp"

namespace troupe::actors {

// In the program, while it runs: the keeper rings it at every death. It looks at all slots when the count of deaths has
// changed, and at its own end.
class crash_reports final : private loop::source {
public:
    explicit crash_reports(channel::station& station);
    ~crash_reports();
    crash_reports(const crash_reports&) = delete;
    crash_reports& operator=(const crash_reports&) = delete;

private:
    struct ending {
        std::uint64_t actor = 0;
        std::uint32_t incarnation = 0;
        friend bool operator==(const ending&, const ending&) = default;
    };

    bool poll() override;
    bool glance() override { return station_.memory().deaths() != deaths_seen_; }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void look_at(std::uint16_t slot);

    channel::station& station_;
    std::uint64_t deaths_seen_;
    std::vector<ending> reported_;  // by slot
};

}  // namespace troupe::actors
