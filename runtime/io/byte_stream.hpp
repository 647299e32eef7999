// An open file that bytes are read from or written to: what streams and sockets are made of.
//
// Nothing here waits. The flags of the open file stay as they are, since other processes may share them: a socket is
// asked not to block in each call; anything else that would block is asked whether it is ready before each call, and is
// given no more at a time than it then takes for certain. (If another process reads from the same pipe or terminal, it
// can be quicker, and this process blocks until more comes.)
//
// SIGPIPE, which a write to a pipe without a reader brings, is held back around the write and taken off; a blocked or
// ignored signal would be inherited by what this process executes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <troupe/descriptor.hpp>

#include "base/owned_fd.hpp"
#include "io/attendance.hpp"
#include "io/read_ahead.hpp"

namespace troupe::detail {

class byte_stream {
public:
    enum class direction { in, out, both };

    // Throws misuse if the descriptor is empty or does not do what is wanted of it.
    byte_stream(descriptor fd, direction wanted);
    // One that stays as it is and open at its end: it belongs to the whole process.
    struct borrowed {};
    byte_stream(borrowed, int fd);
    byte_stream(const byte_stream&) = delete;
    byte_stream& operator=(const byte_stream&) = delete;
    ~byte_stream();

    int fd() const noexcept { return fd_.get(); }
    bool is_socket() const noexcept { return kind_ == kind::socket; }
    io::read_ahead& ahead() noexcept { return ahead_; }

    // Nothing: not now. 0: the end. Past what was read ahead. Throws io_failed.
    std::optional<std::size_t> try_read(std::span<char> into);
    // Nothing: not now. Otherwise how many of them were written. Throws io_failed.
    std::optional<std::size_t> try_write(std::string_view bytes);

    // A socket says to its peer that nothing more will be written. Throws io_failed.
    void end_output();

    // Throws misuse if something was read ahead.
    descriptor give_away();

    // What a coroutine gets that will read or write.
    class visit {
    public:
        explicit visit(byte_stream& to) noexcept : place_(to.attendance_), to_(&to) {}
        io::attendance::place& place() noexcept { return place_; }
        // Throws closed if the stream is there no more.
        byte_stream* expect_open() const {
            place_.expect_open();
            return to_;
        }

    private:
        io::attendance::place place_;
        byte_stream* to_;
    };

    // Reading, or writing: one coroutine at a time. Throws misuse if there is one already.
    class turn {
    public:
        turn(const io::attendance::place& at, bool& taken, const char* what);
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() {
            if (!place_.is_over()) taken_ = false;
        }

    private:
        const io::attendance::place& place_;
        bool& taken_;
    };
    turn reading(const io::attendance::place& at) { return {at, read_from_, "two coroutines read from one stream"}; }
    turn writing(const io::attendance::place& at) { return {at, written_to_, "two coroutines write to one stream"}; }

private:
    enum class kind { socket, pipe, other };

    void look_at(int fd, direction wanted);
    bool blocks_now(short event) const noexcept;
    std::size_t at_a_time() const noexcept;

    base::owned_fd fd_;
    io::read_ahead ahead_;
    kind kind_ = kind::other;
    bool never_blocks_ = false;  // it is non-blocking and not borrowed, or a plain file
    bool borrowed_ = false;
    bool output_ended_ = false;
    bool read_from_ = false, written_to_ = false;
    io::attendance attendance_;
};

}  // namespace troupe::detail
