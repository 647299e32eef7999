#include "shm/program_memory.hpp"

#include <utility>

#include <troupe/error.hpp>

#include "shm/program_layout.hpp"

namespace troupe::shm {

program_memory program_memory::create(std::size_t budget, unsigned halvings) {
    program_memory made;
    const segment_map map = lay_out(budget, halvings);
    made.segment_ = std::make_unique<segment>(segment::create(map.end));
    if (!made.segment_->back(map.header, page_bytes) || !made.segment_->back(map.identity, identity_bytes)) {
        throw out_of_memory("no memory for the program's tables");
    }
    made.place(map);
    program_header& h = made.header();
    h.magic = program_magic;
    h.version = layout_version;
    h.budget = budget;
    h.halvings = halvings;
    write_identity(made.identity(), map.header);
    return made;
}

program_memory program_memory::attach(base::owned_fd fd) {
    program_memory made;
    made.attach_to(segment::attach(std::move(fd), end_bytes));
    return made;
}

}  // namespace troupe::shm
