// The last page of a program's shared memory: what program this is, for a reader that may have been built with another
// version of troupe. This page has a version of its own, and its fields never move: new ones come behind them. So two
// that do not fit know enough of each other to say so.
//
// Written once, by the program, when it makes its memory; the pipe alone is added when there is one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/machine.hpp"
#include "base/published.hpp"

namespace troupe::shm {

inline constexpr std::uint64_t identity_magic = 0x7265'7375'6f69'7254;
inline constexpr std::uint32_t identity_version = 1;
inline constexpr std::uint32_t first_layout_with_identity = 12;

struct alignas(base::page_bytes) program_identity {
    // Stored last: whoever reads it sees what is below.
    class magic_word {
    public:
        // sync: program identity - observes what the program is
        bool is_written() const noexcept { return word_.load(std::memory_order_acquire) == identity_magic; }
        // sync: program identity - publishes what the program is
        void set() noexcept { word_.store(identity_magic, std::memory_order_release); }

    private:
        std::atomic<std::uint64_t> word_;
    } magic;

    std::uint32_t version;  // of this page
    std::uint32_t layout;   // layout_version
    std::uint32_t ring;     // the version of the rings' format
    std::int32_t pid;
    std::int64_t began_at;                 // ns of the clock on the wall
    std::int64_t began;                    // ns of the monotonic clock
    std::uint64_t header;                  // offset of the program_header in the file
    base::published<std::int32_t> orders;  // the pipe that takes orders: its descriptor in the program; -1: none
    std::uint32_t build_bytes;             // of the executable's build id; 0: it has none
    std::byte build[32];
    char library[32];  // the version of troupe
    char name[64];     // what the executable is called
};
static_assert(sizeof(program_identity) == base::page_bytes);

// What this process is, into the page of the memory that it has just made.
void write_identity(program_identity& page, std::uint64_t header);

// What such a page says, as plain values.
struct known_identity {
    std::uint32_t layout = 0;
    std::uint32_t ring = 0;
    std::int32_t pid = 0;
    std::int64_t began_at = 0;
    std::int64_t began = 0;
    std::uint64_t header = 0;
    std::int32_t orders = -1;
    std::vector<std::byte> build;
    std::string library;
    std::string name;
};

// Nothing where the file has no such page. The file is not mapped, and nothing in it changes.
std::optional<known_identity> read_identity(int fd);

// A sentence for whoever wanted to look into the program of this pid (0: it is not known); empty where its memory is
// laid out as this version of troupe knows it.
std::string why_unreadable(std::int32_t pid, const std::optional<known_identity>& program);

}  // namespace troupe::shm
