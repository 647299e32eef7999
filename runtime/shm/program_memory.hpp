// Everything the processes of a program share: one segment (program_layout.hpp says where in it) with
//
//   program_header            what the program is, and what all count together
//   process_slot[4096]        two pages each, backed when its slot is first claimed     process_table
//   post_mortem[4096]         a page each, backed with its slot
//   channel_record[16384]     backed when first claimed                                 channel_table
//   cell[65536]               backed when first claimed                                 cell_table
//   lock_place[4096][1024]    backed a page at a time
//   name_record[4096]         backed a page at a time                                   name_table
//   circle_record[1024]       backed when first made                                    circle_table
//   exit log[2^20]            8 bytes for each actor that ended, by serial              endings
//   blocks                    rings, arguments, large messages                          block_store
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/owned_fd.hpp"
#include "shm/program_view.hpp"

namespace troupe::shm {

class program_memory : public program_view {
public:
    // The windows are narrowed by `halvings`, see lay_out.
    static program_memory create(std::size_t budget, unsigned halvings = 0);
    static program_memory attach(base::owned_fd fd);

    using program_view::blocks;
    using program_view::catalogue;
    using program_view::cells;
    using program_view::channel;
    using program_view::channels;
    using program_view::circles;
    using program_view::ends;
    using program_view::header;
    using program_view::identity;
    using program_view::log_of_ends;
    using program_view::memory;
    using program_view::names;
    using program_view::process;
    using program_view::processes;

    segment& memory() noexcept { return *segment_; }
    program_header& header() noexcept { return *header_; }
    process_table& processes() noexcept { return processes_; }
    channel_table& channels() noexcept { return channels_; }
    cell_table& cells() noexcept { return cells_; }
    name_table& names() noexcept { return names_; }
    circle_table& circles() noexcept { return circles_; }
    endings& ends() noexcept { return ends_; }
    end_log& log_of_ends() noexcept { return log_of_ends_; }
    program_identity& identity() noexcept { return *identity_; }
    std::byte* catalogue() noexcept { return catalogue_; }
    block_store& blocks() noexcept { return *blocks_; }

    process_slot& process(std::uint16_t slot) noexcept { return processes_.at(slot); }
    channel_record& channel(std::uint16_t index) noexcept { return channels_.at(index); }

private:
    program_memory() = default;
};

}  // namespace troupe::shm
