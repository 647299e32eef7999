// The injections of this process that threads may still post to.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::detail {
class injection;
}

namespace troupe::actors {

class own_process;

class injections {
public:
    explicit injections(own_process& here) noexcept : here_(here) {}
    ~injections();
    injections(const injections&) = delete;
    injections& operator=(const injections&) = delete;

    // One more, for the threads. Throws std::system_error if no descriptor is left.
    std::shared_ptr<detail::injection> open(std::uint32_t type);
    void remove(detail::injection& one) noexcept;

private:
    own_process& here_;
    std::vector<std::shared_ptr<detail::injection>> all_;
    std::shared_ptr<detail::injection> removed_last_;  // it is removed in a call of its own
};

}  // namespace troupe::actors
