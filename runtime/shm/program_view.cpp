#include "shm/program_view.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <troupe/error.hpp>

#include "shm/program_layout.hpp"

namespace troupe::shm {

program_view program_view::attach(base::owned_fd fd) {
    const auto identity = read_identity(fd.get());
    if (const std::string why = why_unreadable(identity ? identity->pid : 0, identity); !why.empty())
        throw corrupt(why);
    program_view made;
    made.attach_to(segment::attach_read_only(std::move(fd), end_bytes));
    return made;
}

// From the end: the windows before the tables are as long as the header says.
void program_view::attach_to(segment mapped) {
    segment_ = std::make_unique<segment>(std::move(mapped));
    const std::byte* const end = segment_->base() + segment_->bytes();
    const auto& h = *reinterpret_cast<const program_header*>(end - end_bytes);
    const segment_map map = h.magic == program_magic && h.version == layout_version
                                ? lay_out(h.budget, std::min(h.halvings, most_halvings))
                                : segment_map{};
    if (map.end != segment_->bytes()) {
        throw corrupt("this process was started by a program built with another version of troupe; rebuild both");
    }
    place(map);
}

void program_view::place(const segment_map& map) {
    layout = map;
    std::byte* const base = segment_->base();
    auto* const slices = reinterpret_cast<slice*>(base + map.slices);
    header_ = reinterpret_cast<program_header*>(base + map.header);
    blocks_ = std::make_unique<block_store>(*segment_, map, header_->blocks);
    processes_ = process_table(*segment_, *header_, slices);
    channels_ = channel_table(*segment_, *header_, slices, *blocks_);
    cells_ = cell_table(*segment_, *header_, slices, map);
    names_ = name_table(*segment_, *header_, base + map.names);
    circles_ = circle_table(*segment_, *header_, base + map.circles);
    log_of_ends_ = end_log(*segment_, base + map.end_log);
    catalogue_ = base + map.catalogue;
    identity_ = reinterpret_cast<program_identity*>(base + map.identity);
    ends_ = endings(*header_, processes_, exit_log(*segment_, base + map.exit_log));
}

}  // namespace troupe::shm
