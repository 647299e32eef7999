// The program's shared memory: one memfd, without a name, mapped by every process of the program.
//
// It is far larger than the memory it uses: a range costs nothing until it is backed. Backing reserves the pages, so
// that running out of memory is an error at that call and never a SIGBUS at some later store. The size is sealed.
//
// The mapping is not inherited by a plain fork (MADV_DONTFORK): a copy of a process that was between a claim and its
// commit could otherwise still store into the claim. `remap` restores it in a child of start method fork.
#pragma once

#include <cstddef>

#include "base/owned_fd.hpp"

namespace troupe::shm {

class segment {
public:
    segment() noexcept = default;
    // Both throw out_of_memory with the limit that stood in the way. What is attached is at least so long.
    static segment create(std::size_t bytes);
    static segment attach(base::owned_fd fd, std::size_t least);
    // For whoever only looks. To read what was never backed makes pages all the same: look at the counts first.
    static segment attach_read_only(base::owned_fd fd, std::size_t least);

    // Whether that descriptor is a segment, of some program.
    static bool is_one(int fd) noexcept;
    // Whether this process has mapped one, by whichever copy of this library.
    static bool is_mapped_here() noexcept;

    segment(segment&& other) noexcept;
    segment& operator=(segment&&) = delete;
    ~segment();

    std::byte* base() const noexcept { return base_; }
    std::size_t bytes() const noexcept { return bytes_; }
    int fd() const noexcept { return fd_.get(); }
    std::size_t offset_of(const void* address) const noexcept {
        return static_cast<std::size_t>(static_cast<const std::byte*>(address) - base_);
    }

    // This process will write to it: its pages are mapped at once, and not one by one as they are first used, which
    // costs some ten times as much. Changes nothing else.
    void touch(std::size_t offset, std::size_t length) const noexcept;

    // Reserves the pages of [offset, offset + length); their contents are zero unless they were backed before.
    bool back(std::size_t offset, std::size_t length) noexcept;
    // Gives the pages back; the range reads as zero from then on, in every process.
    void drop(std::size_t offset, std::size_t length) noexcept;

    // In this process, until it is allowed again: a store to it ends the process. False when the system refuses, or has
    // larger pages than the range has.
    bool forbid_writing(std::size_t offset, std::size_t length) const noexcept;
    void allow_writing(std::size_t offset, std::size_t length) const noexcept;

    // Maps a part of it once more, for as long as this process lives. Null when the system refuses.
    void* map_for_good(std::size_t offset, std::size_t length) const noexcept;

    // It stays mapped when this ends, for the rest of the process: whoever is about to exit leaves the unmapping to the
    // kernel, which then does it once for all there is.
    void leave_mapped() noexcept { leave_mapped_ = true; }

    // In the child of a fork: maps the memory again, at the same address. Async-signal-safe.
    bool remap() noexcept;

private:
    static segment opened(base::owned_fd fd, std::size_t least);
    void map();
    void* mapped(void* at, int flags) const noexcept;  // null when the system refuses

    base::owned_fd fd_;
    std::byte* base_ = nullptr;
    std::size_t bytes_ = 0;
    bool leave_mapped_ = false;
    bool read_only_ = false;
};

}  // namespace troupe::shm
