#include "keeper/cell_retirement.hpp"

#include <atomic>
#include <bit>

#include "base/step.hpp"
#include "mail/parcel.hpp"
#include "shm/condition_line.hpp"

namespace troupe::keepers {
namespace {

constexpr int most_looks = 8;  // in one go

}  // namespace

std::uint32_t cell_retirement::cell_set::next(std::uint32_t cell) const noexcept {
    std::uint64_t from = ~std::uint64_t{0} << cell % 64;
    for (std::size_t word = cell / 64; word < words_.size(); ++word, from = ~std::uint64_t{0}) {
        const std::uint64_t found = words_[word] & from;
        if (found != 0)
            return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(found));
    }
    return shm::most_cells;
}

void cell_retirement::look_at(shm::cell_id cell) noexcept {
    if (memory_.cells().find(cell) == nullptr || due_.contains(cell.index())) return;
    due_.add(cell.index());
    ++due_count_;
}

void cell_retirement::free(std::uint16_t index) noexcept {
    shm::cell& cell = memory_.cells().at(index);
    if (cell.has_block()) {
        const shm::block_id block{cell.memory().block.get()};
        cell.memory().block.set(0);
        if (memory_.blocks().valid(block) && !memory_.blocks().is_free(block)) mail::free_block(memory_, block);
    }
    if (cell.kind.get() == shm::cell_kind::condition) shm::free_waiters(cell, memory_.cells());
    memory_.cells().free(index);
    TROUPE_STEP("keeper: cell freed");
}

// Those that no process holds now, up to as many as are judged at once.
bool cell_retirement::gather() noexcept {
    batched_ = 0;
    for (std::uint32_t i = due_.next(0); i < shm::most_cells && batched_ < batch_.size(); i = due_.next(i + 1)) {
        const shm::cell& cell = memory_.cells().at(static_cast<std::uint16_t>(i));
        const judged one{static_cast<std::uint16_t>(i), cell.version.get()};
        if (cell.life.state() != shm::channel_state::free && cell.holders.empty()) {
            batch_[batched_++] = one;
            listed_.remove(i);
            continue;
        }
        due_.remove(i);
        --due_count_;
    }
    return batched_ != 0;
}

void cell_retirement::look_into_parcels() noexcept {
    memory_.blocks().for_each_used([this](shm::block_id block, shm::block_state, shm::owner_id) {
        const auto content = mail::look_into_parcel(memory_, block);
        if (!content) return;
        for (const detail::handle_ref& entry : content->handles) {
            const detail::handle_ref one = mail::listed_at(entry);
            if (!shm::cell_id::is_one(one.object)) continue;
            const shm::cell_id cell{one.object};
            if (due_.contains(cell.index()) && memory_.cells().find(cell) != nullptr) listed_.add(cell.index());
        }
    });
    TROUPE_STEP("keeper: parcels looked at");
    // sync: listed - observes what the holders did before the lists that were read
    std::atomic_thread_fence(std::memory_order_acquire);
}

void cell_retirement::judge() noexcept {
    for (std::size_t i = 0; i < batched_; ++i) {
        const judged& one = batch_[i];
        const shm::cell& cell = memory_.cells().at(one.index);
        // The processes once more: one may have taken the handle out of a parcel that was looked at too late.
        const bool held = !cell.holders.empty();
        if (cell.version.get() != one.version) continue;
        due_.remove(one.index);
        --due_count_;
        if (!held && !listed_.contains(one.index)) free(one.index);
    }
}

bool cell_retirement::decide() noexcept {
    for (int looks = 0; due_count_ != 0 && looks < most_looks; ++looks) {
        if (!gather()) break;
        look_into_parcels();
        judge();
    }
    return due_count_ == 0;
}

}  // namespace troupe::keepers
