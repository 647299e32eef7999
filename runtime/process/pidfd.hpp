// A process's identity is its pidfd.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include <troupe/exit_status.hpp>

#include "base/owned_fd.hpp"

namespace troupe::process {

base::owned_fd open_pidfd(pid_t pid) noexcept;
// False, with errno, when it was not sent.
bool send_signal(int pidfd, int signal) noexcept;
// The same with a number that its handler finds in si_value.
bool send_signal(int pidfd, int signal, std::uint64_t value) noexcept;
// Whether it has ended, though it may not have been collected, waits so long at most.
bool has_ended(int pidfd, int wait_ms) noexcept;

// How the process ended, without collecting it; nothing while it runs. `lost` when it is not a child or somebody else
// has collected it. One that a debugger holds has ended for everybody else: then /proc says how.
std::optional<exit_status> peek_status(int pidfd, pid_t pid) noexcept;
// Collects it: its pid may be used again afterwards. False while a debugger holds it.
bool collect(int pidfd) noexcept;

// Whether it is a child that nobody has collected.
bool is_child(pid_t pid) noexcept;
// Whether it is a child that has ended, of any pidfd or none.
bool is_zombie_child(pid_t pid) noexcept;
// One of them; 0 when there is none.
pid_t any_zombie_child() noexcept;
void collect_child(pid_t pid) noexcept;

// Who debugs it; 0 for nobody.
pid_t tracer_of(pid_t pid) noexcept;

// For a child that cannot be given a pidfd: kills it and collects its status. Waits until it is gone, for seconds at
// most.
exit_status end_now(pid_t child) noexcept;

}  // namespace troupe::process
