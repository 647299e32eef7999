#include "channel/passed_over.hpp"

#include <algorithm>

namespace troupe::channel {

void passed_over::file(shm::ring_reader& reader, const shm::record& record, std::uint32_t type) {
    ++looks_;
    auto one = std::find_if(lanes_.begin(), lanes_.end(), [type](const lane& each) { return each.type == type; });
    if (one == lanes_.end()) one = lanes_.insert(one, lane{type});
    std::vector<std::uint64_t>& positions = one->positions;
    if (positions.size() == positions.capacity()) {
        shm::record ignored;
        static_cast<void>(first(reader, *one, ignored));
        if (one->next >= positions.size() / 2) {
            positions.erase(positions.begin(), positions.begin() + static_cast<std::ptrdiff_t>(one->next));
            one->next = 0;
        }
    }
    positions.push_back(record.position);
    examined_ = shm::position_after(record.position, shm::granules_of(record.bytes));
    any_ = true;
}

bool passed_over::first(shm::ring_reader& reader, lane& one, shm::record& found) {
    for (; one.next < one.positions.size(); ++one.next) {
        ++looks_;
        if (reader.revisit(one.positions[one.next], found)) return true;
    }
    one.positions.clear();
    one.next = 0;
    return false;
}

void passed_over::clear() noexcept {
    for (lane& one : lanes_) {
        one.positions.clear();
        one.next = 0;
    }
    any_ = false;
}

}  // namespace troupe::channel
