#include "inspect/other_memory.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace troupe::inspect {
namespace {

constexpr std::size_t piece_bytes = 4096;
constexpr std::size_t most_pieces = 128;

}  // namespace

// The kernel copies whole pieces, so there is one for each page: what lies behind the last page that is there does not
// keep the others from being read.
std::size_t other_memory::read(std::uint64_t address, void* into, std::size_t bytes) const noexcept {
    if (bytes == 0 || address + bytes < address) return 0;
    std::array<iovec, most_pieces> pieces;
    std::size_t count = 0, listed = 0;
    while (listed < bytes && count < pieces.size()) {
        const std::uint64_t at = address + listed;
        const std::size_t length = std::min<std::size_t>(bytes - listed, piece_bytes - at % piece_bytes);
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process
        pieces[count++] = {reinterpret_cast<void*>(at), length};
        listed += length;
    }
    const iovec local{into, listed};
    const ssize_t got = process_vm_readv(pid_, &local, 1, pieces.data(), count, 0);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::vector<std::byte> other_memory::bytes_at(std::uint64_t address, std::size_t most) const {
    std::vector<std::byte> all(most);
    all.resize(read(address, all.data(), all.size()));
    return all;
}

std::optional<std::string> other_memory::text_at(std::uint64_t address, std::size_t most) const {
    const std::vector<std::byte> found = bytes_at(address, most);
    const auto end = std::find(found.begin(), found.end(), std::byte{0});
    if (end == found.end()) return std::nullopt;
    std::string text;
    for (auto at = found.begin(); at != end; ++at) text += static_cast<char>(*at);
    return text;
}

}  // namespace troupe::inspect
