// What can be read of a program's shared memory, by one of its processes or by somebody who looks in from outside and
// has it mapped read-only. program_memory adds what changes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/owned_fd.hpp"
#include "shm/block.hpp"
#include "shm/cell_table.hpp"
#include "shm/channel_table.hpp"
#include "shm/circle_table.hpp"
#include "shm/end_log.hpp"
#include "shm/endings.hpp"
#include "shm/name_table.hpp"
#include "shm/process_table.hpp"
#include "shm/program_header.hpp"
#include "shm/program_identity.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

class program_view {
public:
    // Maps the memory of a program read-only: a store to it ends this process. Throws corrupt where it is that of no
    // program, or of one that was built with another layout; the text names the versions of both.
    static program_view attach(base::owned_fd fd);

    const segment& memory() const noexcept { return *segment_; }
    const program_header& header() const noexcept { return *header_; }
    const process_table& processes() const noexcept { return processes_; }
    const channel_table& channels() const noexcept { return channels_; }
    const cell_table& cells() const noexcept { return cells_; }
    const name_table& names() const noexcept { return names_; }
    const circle_table& circles() const noexcept { return circles_; }
    const end_log& log_of_ends() const noexcept { return log_of_ends_; }
    const program_identity& identity() const noexcept { return *identity_; }
    const std::byte* catalogue() const noexcept { return catalogue_; }
    const endings& ends() const noexcept { return ends_; }
    const block_store& blocks() const noexcept { return *blocks_; }

    const process_slot& process(std::uint16_t slot) const noexcept { return processes_.at(slot); }
    const channel_record& channel(std::uint16_t index) const noexcept { return channels_.at(index); }

protected:
    program_view() = default;
    void attach_to(segment mapped);
    void place(const segment_map& map);

    std::unique_ptr<segment> segment_;
    std::unique_ptr<block_store> blocks_;
    program_header* header_ = nullptr;
    process_table processes_;
    channel_table channels_;
    cell_table cells_;
    name_table names_;
    circle_table circles_;
    end_log log_of_ends_;
    std::byte* catalogue_ = nullptr;
    program_identity* identity_ = nullptr;
    endings ends_;
};

}  // namespace troupe::shm
