#include "shm/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/error.hpp>

#include "base/address_map.hpp"
#include "base/machine.hpp"
#include "base/pages.hpp"
#include "base/system_failure.hpp"
#include "base/valgrind.hpp"

namespace troupe::shm {
namespace {

std::string in_mib(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

constexpr const char* name = "troupe";
constexpr std::string_view path_when_mapped = "/memfd:troupe";
constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

// RLIMIT_FSIZE holds for a memfd too, and past it the system does not only refuse: it sends SIGXFSZ.
bool set_size(int fd, std::size_t bytes) {
    rlimit limit{};
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < bytes) {
        errno = EFBIG;
        return false;
    }
    return ftruncate(fd, static_cast<off_t>(bytes)) == 0;
}

}  // namespace

segment segment::create(std::size_t bytes) {
    segment made;
    made.bytes_ = bytes;
    made.fd_.reset(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!made.fd_) {
        const int error = errno;
        throw out_of_memory(std::string("the program's shared memory cannot be made: ") + std::strerror(error) +
                            base::descriptor_advice(error));
    }
    if (!set_size(made.fd_.get(), bytes)) {
        throw out_of_memory("the program's shared memory needs a file of " + in_mib(bytes) +
                            " (it is sparse): " + std::strerror(errno) + "; raise the limit of file sizes (ulimit -f)");
    }
    if (fcntl(made.fd_.get(), F_ADD_SEALS, seals) != 0) {
        throw out_of_memory(std::string("the shared memory cannot be sealed: ") + std::strerror(errno));
    }
    made.map();
    return made;
}

bool segment::is_mapped_here() noexcept {
    base::address_map mappings;
    while (const base::mapping* one = mappings.next()) {
        if (std::string_view(one->path).starts_with(path_when_mapped)) return true;
    }
    return false;
}

segment segment::attach(base::owned_fd fd, std::size_t least) {
    segment made = opened(std::move(fd), least);
    made.map();
    return made;
}

segment segment::attach_read_only(base::owned_fd fd, std::size_t least) {
    segment made = opened(std::move(fd), least);
    made.read_only_ = true;
    made.map();
    return made;
}

segment segment::opened(base::owned_fd fd, std::size_t least) {
    struct stat about{};
    if (fstat(fd.get(), &about) != 0 || static_cast<std::size_t>(about.st_size) < least) {
        throw corrupt("the shared memory handed to this process is not that of a program of this version of troupe");
    }
    segment made;
    made.bytes_ = static_cast<std::size_t>(about.st_size);
    made.fd_ = std::move(fd);
    return made;
}

bool segment::is_one(int fd) noexcept { return fcntl(fd, F_GET_SEALS) == seals; }

segment::segment(segment&& other) noexcept
    : fd_(std::move(other.fd_)),
      base_(std::exchange(other.base_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      leave_mapped_(other.leave_mapped_),
      read_only_(other.read_only_) {}

segment::~segment() {
    if (base_ != nullptr && !leave_mapped_) munmap(base_, bytes_);
}

// Helgrind does not look at what could not be read or written when it was mapped. Nothing in the segment is protected
// by locks, and it knows no other protection.
void* segment::mapped(void* at, int flags) const noexcept {
    const bool unwatched = base::under_helgrind();
    const int all = read_only_ ? PROT_READ : PROT_READ | PROT_WRITE;
    void* place = mmap(at, bytes_, unwatched ? PROT_NONE : all, MAP_SHARED | MAP_NORESERVE | flags, fd_.get(), 0);
    if (place == MAP_FAILED) return nullptr;
    if (unwatched) mprotect(place, bytes_, all);
    madvise(place, bytes_, MADV_DONTFORK);
    madvise(place, bytes_, MADV_DONTDUMP);
    return place;
}

void segment::map() {
    void* place = mapped(nullptr, 0);
    if (place == nullptr) {
        throw out_of_memory("the program's shared memory needs " + in_mib(bytes_) + " of address space: " +
                            std::strerror(errno) + "; raise the limit of virtual memory (ulimit -v)");
    }
    base_ = static_cast<std::byte*>(place);
}

void* segment::map_for_good(std::size_t offset, std::size_t length) const noexcept {
    const std::size_t before = offset % base::system_page_bytes();
    void* place = mmap(nullptr, before + length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_.get(),
                       static_cast<off_t>(offset - before));
    if (place == MAP_FAILED) return nullptr;
    madvise(place, before + length, MADV_DONTFORK);
    return static_cast<std::byte*>(place) + before;
}

bool segment::forbid_writing(std::size_t offset, std::size_t length) const noexcept {
    const std::size_t page = base::system_page_bytes();
    return offset % page == 0 && length % page == 0 && mprotect(base_ + offset, length, PROT_READ) == 0;
}

void segment::allow_writing(std::size_t offset, std::size_t length) const noexcept {
    mprotect(base_ + offset, length, PROT_READ | PROT_WRITE);
}

bool segment::remap() noexcept { return mapped(base_, MAP_FIXED) != nullptr; }

bool segment::back(std::size_t offset, std::size_t length) noexcept {
    int result = 0;
    do {
        result = fallocate(fd_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(length));
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

void segment::touch(std::size_t offset, std::size_t length) const noexcept { base::map_pages(base_ + offset, length); }

void segment::drop(std::size_t offset, std::size_t length) noexcept {
    int result = 0;
    do {
        result = fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                           static_cast<off_t>(length));
    } while (result != 0 && errno == EINTR);
}

}  // namespace troupe::shm
