// Cells that nobody may have a handle of any more. They hold no handles themselves, so none of them can keep another
// one, or a channel, from being freed; for the rest see reachability.cpp, where channels are judged in the same way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <troupe/detail/outgoing.hpp>

#include "shm/program_memory.hpp"

namespace troupe::keepers {

class cell_retirement {
public:
    explicit cell_retirement(shm::program_memory& memory) : memory_(memory) {}

    // A handle was let go.
    void look_at(shm::cell_id cell) noexcept;
    // Frees those of which no process has a handle and no message on its way carries one. Returns false if some are
    // left, whose holders change all the time, or because there are many.
    bool decide() noexcept;

    // It is freed, and the block that it may have.
    void free(std::uint16_t index) noexcept;

private:
    // A set of cells, by their index.
    class cell_set {
    public:
        void add(std::uint32_t cell) noexcept { words_[cell / 64] |= bit(cell); }
        void remove(std::uint32_t cell) noexcept { words_[cell / 64] &= ~bit(cell); }
        bool contains(std::uint32_t cell) const noexcept { return (words_[cell / 64] & bit(cell)) != 0; }
        // The first of them from that one on; most_cells when there is none.
        std::uint32_t next(std::uint32_t cell) const noexcept;

    private:
        static constexpr std::uint64_t bit(std::uint32_t cell) noexcept { return std::uint64_t{1} << cell % 64; }
        std::array<std::uint64_t, shm::most_cells / 64> words_{};
    };
    struct judged {
        std::uint16_t index;
        std::uint64_t version;  // before anything was looked at
    };

    bool gather() noexcept;
    void look_into_parcels() noexcept;
    void judge() noexcept;

    shm::program_memory& memory_;
    cell_set due_;
    cell_set listed_;  // of those that are judged, in a parcel
    std::size_t due_count_ = 0;
    std::array<judged, 1024> batch_{};  // with one look at all parcels
    std::size_t batched_ = 0;
};

}  // namespace troupe::keepers
