// What the page is shown, from the parts of the tool that look into a program.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/observation.hpp"
#include "inspect/observer.hpp"
#include "troupe/page_source.hpp"

namespace troupe::tool {

class page_content final : public page_source {
public:
    explicit page_content(const inspect::program_found& program);

    json look() override;
    json answer(std::string_view what, std::uint64_t actor) override;
    std::string carry_out(const order& wanted) override;

private:
    json actor(std::uint64_t id);
    json stack(std::uint64_t id);
    std::vector<inspect::end_row> read_ends();
    json ends();
    json latencies();
    inspect::actor_row find(std::uint64_t id);

    inspect::observer watched_;  // by the thread that looks each half second
    std::mutex mutex_;
    inspect::observer asked_;  // by all others, in turn
    std::mutex naming_;
    std::map<std::uint64_t, std::vector<inspect::frame_row>> named_;  // of the ends with these numbers
    inspect::latency_reader latencies_;
    std::optional<inspect::observing> observing_;  // since a page asked for latencies
    std::chrono::steady_clock::time_point measured_at_{};
    json measured_ = json::array();
};

}  // namespace troupe::tool
