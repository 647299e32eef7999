#include "process/standard_streams.hpp"

#include <fcntl.h>
#include <sched.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <typeinfo>

#ifdef __GLIBCXX__
    #include <ext/stdio_filebuf.h>
    #include <ext/stdio_sync_filebuf.h>
#endif

#include "process/clone.hpp"

// The C library's way through every FILE that is open; no header declares it.
// NOLINTBEGIN(readability-identifier-naming): its names
extern "C" {
void* _IO_iter_begin() noexcept;
void* _IO_iter_end() noexcept;
void* _IO_iter_next(void* at) noexcept;
std::FILE* _IO_iter_file(void* at) noexcept;
void _IO_list_lock() noexcept;
void _IO_list_unlock() noexcept;
}
// NOLINTEND(readability-identifier-naming)

namespace troupe::process {
namespace {

template <class Function>
void for_each_file(Function function) noexcept {
    _IO_list_lock();
    for (void* at = _IO_iter_begin(); at != _IO_iter_end(); at = _IO_iter_next(at)) function(_IO_iter_file(at));
    _IO_list_unlock();
}

// A FILE that is read has nothing to be written, so its reader's lock is never asked for. A writer's is free in a
// moment, unless the writer itself waits for whoever reads the other end.
void flush(std::FILE* file) noexcept {
    constexpr int most_tries = 1000;
    if (__fpending(file) == 0) return;
    for (int tries = 0; ftrylockfile(file) != 0; ++tries) {
        if (tries == most_tries) return;
        if (tries < most_tries / 2) {
            sched_yield();
        } else {
            usleep(100);
        }
    }
    std::fflush(file);
    funlockfile(file);
}

#ifdef __GLIBCXX__

// A stream that leaves its buffering to stdio waits for stdio's lock, and has nothing of its own to flush.
template <class Character>
void flush(std::basic_ostream<Character>& stream) {
    using synchronized = __gnu_cxx::stdio_sync_filebuf<Character>;
    const std::basic_streambuf<Character>* buffer = stream.rdbuf();
    if (buffer == nullptr || typeid(*buffer) == typeid(synchronized)) return;  // as nearly always: a cast costs faults
    if (dynamic_cast<const synchronized*>(buffer) == nullptr) stream.flush();
}

// The buffer that a standard stream has of its own after sync_with_stdio(false); null for any other.
template <class Character>
auto* buffer_of(const std::basic_ios<Character>& stream) {
    return dynamic_cast<__gnu_cxx::stdio_filebuf<Character>*>(stream.rdbuf());
}

template <class Character>
struct unlocked : std::basic_streambuf<Character> {
    static void discard(std::basic_streambuf<Character>& of) {
        const auto pending = (of.*&unlocked::pptr)() - (of.*&unlocked::pbase)();
        (of.*&unlocked::pbump)(-static_cast<int>(pending));
    }
};

template <class Character>
void forget_output(const std::basic_ostream<Character>& stream) {
    if (auto* buffer = buffer_of(stream)) unlocked<Character>::discard(*buffer);
}

// What was read ahead, up to the end that stdin has by now.
template <class Character>
void forget_input(const std::basic_istream<Character>& stream) {
    using traits = typename std::basic_istream<Character>::traits_type;
    auto* buffer = buffer_of(stream);
    while (buffer != nullptr && !traits::eq_int_type(buffer->sbumpc(), traits::eof())) {
    }
}

#else

// Without buffers of their own: what they hold, stdio holds.
template <class Stream>
void flush(Stream&) {}
template <class Stream>
void forget_output(const Stream&) {}
template <class Stream>
void forget_input(const Stream&) {}

#endif

void flush_iostreams() noexcept {
    try {
        flush(std::cout);
        flush(std::clog);
        flush(std::wcout);
        flush(std::wclog);
    } catch (...) {
        // whoever had it throw finds its state
    }
}

}  // namespace

void keep_standard_descriptors_open() noexcept {
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one: all below are open.
        int opened = open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
        if (opened < 0) opened = open("/", O_PATH | O_DIRECTORY);
        if (opened >= 0 && opened != fd) {
            dup2(opened, fd);
            close(opened);
        }
    }
}

void flush_standard_streams() noexcept {
    flush_iostreams();
    flush(stdout);
    flush(stderr);
}

void flush_every_stream() noexcept {
    flush_iostreams();
    for_each_file([](std::FILE* file) { flush(file); });
}

void pass_by_readers() noexcept {
    for_each_file([](std::FILE* file) {
        if (__freading(file) != 0 && ftrylockfile(file) != 0) __fsetlocking(file, FSETLOCKING_BYCALLER);
    });
}

void leave_inherited_streams() noexcept {
    detach_input();
    // A stream in memory is this process's own, as every object of which it has a copy.
    for_each_file([](std::FILE* file) {
        if (fileno_unlocked(file) >= 0) __fpurge(file);
    });
    try {
        forget_output(std::cout);
        forget_output(std::clog);
        forget_output(std::wcout);
        forget_output(std::wclog);
        forget_input(std::cin);
        forget_input(std::wcin);
    } catch (...) {
        // a stream that cannot read its input has none left
    }
}

}  // namespace troupe::process
