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
    port.heed_freezing();
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

// --- freezing

bool is_frozen(const cell_hold& array) { return array.checked("this shared array").cell().memory().frozen.get(); }

// Whoever gets a handle later has its bit in `holders` before it looks whether the array is frozen.
readiness freeze_wait::glance() noexcept {
    const shm::cell& cell = hold_.get()->cell();
    bool all = true;
    cell.holders.for_each([&](std::uint32_t slot) { all = all && cell.waiting.contains(slot); });
    return all ? readiness::ready : readiness::nothing;
}

bool freeze_wait::try_finish() {
    channel::cell_port& port = *hold_.get();
    if (!std::exchange(begun_, true)) {
        // crash: frozen, and nobody is told; each finds out when it looks next, and the keeper rings those that wait
        port.cell().memory().frozen.set();
        TROUPE_STEP("array: frozen");
        port.freeze_here();
        port.here().notify_all(port.cell().holders);
    }
    return glance() == readiness::ready;
}

void freeze_wait::enlist() { hold_.get()->all().wait(*this); }
void freeze_wait::abandon() noexcept { hold_.get()->all().leave(*this); }

}  // namespace troupe::detail
