#include "shm/program_memory.hpp"

#include <algorithm>
#include <utility>

#include <troupe/error.hpp>

#include "shm/program_layout.hpp"

namespace troupe::shm {
namespace {

constexpr std::uint64_t magic_word = 0x65707561'6f727400u | layout_version;

}  // namespace

program_memory program_memory::create(std::size_t budget, unsigned halvings) {
    program_memory made;
    const segment_map map = lay_out(budget, halvings);
    made.segment_ = std::make_unique<segment>(segment::create(map.end));
    if (!made.segment_->back(map.header, page_bytes)) throw out_of_memory("no memory for the program's tables");
    made.place(map);
    program_header& h = made.header();
    h.magic = magic_word;
    h.version = layout_version;
    h.budget = budget;
    h.halvings = halvings;
    return made;
}

program_memory program_memory::attach(base::owned_fd fd) {
    program_memory made;
    made.segment_ = std::make_unique<segment>(segment::attach(std::move(fd), tables_bytes));
    // From the end: the windows before the tables are as long as the header says.
    const std::byte* const tables = made.segment_->base() + made.segment_->bytes() - tables_bytes;
    const auto& h = *reinterpret_cast<const program_header*>(tables + exit_log_bytes);
    const segment_map map = h.magic == magic_word && h.version == layout_version
                                ? lay_out(h.budget, std::min(h.halvings, most_halvings))
                                : segment_map{};
    if (map.end != made.segment_->bytes()) {
        throw corrupt("this process was started by a program built with another version of troupe; rebuild both");
    }
    made.place(map);
    return made;
}

void program_memory::place(const segment_map& map) {
    layout = map;
    std::byte* const base = segment_->base();
    auto* const slices = reinterpret_cast<slice*>(base + map.slices);
    header_ = reinterpret_cast<program_header*>(base + map.header);
    blocks_ = std::make_unique<block_store>(*segment_, map, header_->blocks);
    processes_ = process_table(*segment_, *header_, slices);
    channels_ = channel_table(*segment_, *header_, slices, *blocks_);
    ends_ = endings(*header_, processes_, exit_log(*segment_, base + map.exit_log));
}

}  // namespace troupe::shm
