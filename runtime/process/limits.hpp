// Limits of a process: checked by whoever asks for them, applied by the process itself.
#pragma once

#include <cstdint>

#include <troupe/limits.hpp>

#include "base/post_mortem.hpp"

namespace troupe::process {

// Throws spawn_failed where a value makes no sense on any system.
void check(const limits& wanted);

// To this process, an actor's incarnation; notes in `page`, where there is one, which limits it has, so that its exit
// status can name them. Throws spawn_failed with the reason when the system refuses.
void apply(const limits& wanted, base::post_mortem* page, std::uint32_t incarnation);

}  // namespace troupe::process
