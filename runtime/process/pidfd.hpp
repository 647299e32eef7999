// A process's identity is its pidfd.
#pragma once

#include <sys/types.h>

#include <optional>

#include <troupe/exit_status.hpp>

#include "base/owned_fd.hpp"

namespace troupe::process {

base::owned_fd open_pidfd(pid_t pid) noexcept;
bool send_signal(int pidfd, int signal) noexcept;

// How the process ended, without collecting it; nothing while it runs. `lost` when it is not a child or somebody else
// has collected it.
std::optional<exit_status> peek_status(int pidfd) noexcept;
// Collects it: its pid may be used again afterwards.
void collect(int pidfd) noexcept;

// For a child that cannot be given a pidfd: kills it and collects its status. Waits until it is gone.
exit_status end_now(pid_t child) noexcept;

}  // namespace troupe::process
