// The open files that messages carry, between the process that has sent them and the one that will receive them. The
// keeper's: so that neither end has to live.
//
// Each lies here under the stamp of the block that stands for it in its message (mail/open_file.hpp). It leaves in one
// of two ways: it is given to who has received the message, or its block is without that stamp when the files are
// looked at, and nobody will come for it. That is done when somebody says that it has dropped a message, and at each
// death: whoever dropped one may have died before it said so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <troupe/detail/outgoing.hpp>

#include "base/owned_fd.hpp"
#include "mail/open_file.hpp"
#include "shm/program_memory.hpp"

namespace troupe::keepers {

class open_files {
public:
    explicit open_files(shm::program_memory& memory) noexcept : memory_(memory) {}
    ~open_files() { close(); }
    open_files(const open_files&) = delete;
    open_files& operator=(const open_files&) = delete;

    // Answers on that socket. Of a file whose sender cannot be told so nothing is kept: it takes it as not handed over.
    void keep(const detail::handle_ref& ref, base::owned_fd file, int socket) noexcept;
    // Answers on that socket, with the file.
    void give(const detail::handle_ref& ref, int socket) noexcept;

    void look_soon() noexcept { due_ = true; }
    void tidy() noexcept {
        if (due_) close_unlisted();
    }
    // Those that no message carries any more.
    void close_unlisted() noexcept;
    // All of them: in a copy of the program, and at its end.
    void close() noexcept;

private:
    static constexpr std::size_t most = 16384;

    static std::size_t most_now() noexcept;
    mail::file_answer add(const detail::handle_ref& ref, base::owned_fd file) noexcept;
    void remove(std::size_t at) noexcept;
    void tell() const noexcept;

    shm::program_memory& memory_;
    std::size_t count_ = 0;
    bool due_ = false;
    // The first `count_` of each; what lies behind that was never written to.
    std::array<std::uint64_t, most> stamps_;
    std::array<std::uint32_t, most> roles_;
    std::array<int, most> files_;
};

}  // namespace troupe::keepers
