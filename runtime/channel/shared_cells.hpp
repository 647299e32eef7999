// The cells that this process has handles of, its places in their lines, and a watch over what waits at them.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include <troupe/detail/cell_hold.hpp>
#include <troupe/detail/cell_wait.hpp>

#include "channel/own_places.hpp"
#include "channel/participant.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"

namespace troupe::channel {

class cell_port;

class shared_cells final : private loop::source {
public:
    explicit shared_cells(participant& here);
    ~shared_cells();

    participant& here() const noexcept { return here_; }
    own_places& places() noexcept { return places_; }

    // The port of a cell, made when it is first asked for; throws corrupt when there is no such cell.
    cell_port& port_of(shm::cell_id cell);
    cell_port* find(shm::cell_id cell) noexcept;
    void forget(shm::cell_id cell) noexcept;

    // While anything waits, this is a source of the loop. Each turn wakes those for whom there is something.
    void wait(detail::cell_wait& one);
    void leave(detail::cell_wait& one) noexcept;
    // Arrays that others may freeze.
    void heed(cell_port& array);
    void heed_no_more(cell_port& array) noexcept;
    // A place of this process that nobody wants any more, and was granted: it is passed on when the gate has come.
    void pass_on_later(cell_port& port, shm::place_number place);

private:
    struct unwanted {
        detail::cell_hold hold;
        shm::place_number place;
    };

    bool poll() override;
    bool glance() override;
    loop::parking park() override;
    void unpark() override;
    void describe(loop::wait_notes& into) const noexcept override;
    bool idle() const noexcept { return waiting_.empty() && unwanted_.empty() && arrays_.empty(); }
    bool anything_to_freeze() const noexcept;
    bool freeze_due();
    static bool has_come(const unwanted& one) noexcept;
    bool pass_on_unwanted() noexcept;

    participant& here_;
    own_places places_;
    std::unordered_map<std::uint64_t, std::unique_ptr<cell_port>> ports_;
    waiting_list<detail::cell_wait> waiting_;
    std::vector<cell_port*> arrays_;
    std::vector<unwanted> unwanted_;
};

}  // namespace troupe::channel
