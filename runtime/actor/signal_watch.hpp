// What a troupe::signals wants, what it has seen of it, and who waits. A source while anybody does: the handlers count
// and ring.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include <troupe/signals.hpp>

#include "channel/waiting_list.hpp"
#include "loop/source.hpp"

namespace troupe::detail {

class signal_watch final : public loop::source {
public:
    explicit signal_watch(std::initializer_list<int> wanted);
    ~signal_watch();

    // One that has come; 0: none.
    int take() noexcept;
    void enlist(signal_wait& one);
    void leave(signal_wait& one) noexcept;

private:
    struct seen {
        int signal;
        std::uint32_t times;
    };

    void want_no_more() noexcept;
    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;

    std::vector<seen> wanted_;
    channel::waiting_list<signal_wait> waiting_;
};

}  // namespace troupe::detail
