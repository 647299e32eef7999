// Measurements in the text format of Prometheus.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tool {

// A name and a value; in the order in which they are printed.
using labels = std::vector<std::pair<std::string_view, std::string>>;

enum class metric { gauge, counter };

class exposition {
public:
    // Each metric with all its samples, before the next one. One without samples is left out.
    void begin(std::string_view name, metric kind, std::string_view help);
    void add(const labels& of, std::uint64_t value);
    void add(const labels& of, double value);

    const std::string& text() const { return text_; }

private:
    void add(const labels& of, std::string_view value);

    std::string name_;
    std::string head_;  // until the first sample
    std::string text_;
};

}  // namespace troupe::tool
