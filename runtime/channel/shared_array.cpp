// The compiled core of shared arrays: a cell that names a block.
#include <troupe/error.hpp>
#include <troupe/shared_array.hpp>

#include <cstring>
#include <string>
#include <utility>

#include "base/step.hpp"
#include "channel/cell_port.hpp"

namespace troupe::detail {
namespace {

constexpr std::size_t largest = (std::size_t{1} << shm::largest_block_bits) - 64;  // bytes

array_memory as_array(cell_hold hold, std::size_t element_bytes) {
    channel::cell_port& port = *hold.get();
    const std::size_t bytes = port.bytes();
    const std::span<std::byte> memory = port.block_bytes();
    if (bytes % element_bytes != 0 || memory.size() < bytes) throw corrupt("a shared array is damaged");
    return {std::move(hold), memory.data(), bytes / element_bytes};
}

}  // namespace

array_memory make_array(std::size_t count, std::size_t element_bytes) {
    channel::participant::here();
    if (count == 0) throw misuse("a shared array of 0 elements: it has at least one");
    if (count > largest / element_bytes) {
        throw too_large("a shared array of " + std::to_string(count) + " elements of " + std::to_string(element_bytes) +
                        " bytes: 2 GiB is the most; use several");
    }
    cell_hold made = make_cell(cell_sort::array);
    channel::cell_port& port = *made.get();
    port.take_block(count * element_bytes);
    std::memset(port.value(), 0, count * element_bytes);
    TROUPE_STEP("cell: filled");
    port.memory().cells().open(port.id());
    return as_array(std::move(made), element_bytes);
}

array_memory adopt_array(handle_ref ref, std::size_t element_bytes) {
    return as_array(cell_hold::adopt(ref, cell_sort::array), element_bytes);
}

}  // namespace troupe::detail
