// Everything the processes of a program share: one segment (program_layout.hpp says where in it) with
//
//   program_header            what the program is, and what all count together
//   process_slot[4096]        two pages each, backed when its slot is first claimed     process_table
//   post_mortem[4096]         a page each, backed with its slot
//   channel_record[16384]     backed when first claimed                                 channel_table
//   exit log[2^20]            8 bytes for each actor that ended, by serial              endings
//   blocks                    rings, arguments, large messages                          block_store
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/owned_fd.hpp"
#include "shm/block.hpp"
#include "shm/channel_table.hpp"
#include "shm/endings.hpp"
#include "shm/process_table.hpp"
#include "shm/program_header.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

class program_memory {
public:
    // The windows are narrowed by `halvings`, see lay_out.
    static program_memory create(std::size_t budget, unsigned halvings = 0);
    static program_memory attach(base::owned_fd fd);

    segment& memory() const noexcept { return *segment_; }
    program_header& header() const noexcept { return *header_; }
    const process_table& processes() const noexcept { return processes_; }
    const channel_table& channels() const noexcept { return channels_; }
    endings& ends() noexcept { return ends_; }
    const endings& ends() const noexcept { return ends_; }
    block_store& blocks() const noexcept { return *blocks_; }

    process_slot& process(std::uint16_t slot) const noexcept { return processes_.at(slot); }
    channel_record& channel(std::uint16_t index) const noexcept { return channels_.at(index); }

private:
    program_memory() = default;
    void place(const segment_map& map);

    std::unique_ptr<segment> segment_;
    std::unique_ptr<block_store> blocks_;
    program_header* header_ = nullptr;
    process_table processes_;
    channel_table channels_;
    endings ends_;
};

}  // namespace troupe::shm
