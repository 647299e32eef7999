// Waiting for a descriptor: of a library, a device, inotify, or another program's.
//
// A wait takes nothing from the descriptor and leaves its flags as they are, so that one which blocks goes on blocking.
// Any number of coroutines may wait for the same descriptor. The wait goes by the level: what can be read now ends it
// at once, and where several wait, all of them go on unless the first has taken everything by then. An error and a peer
// that has closed count as both readable and writable, because the read or write that follows tells more. A plain file
// and a directory are always both.
//
// The descriptor stays open until the await has ended. Of one that is closed before, nothing is heard again; such a
// wait still ends at its deadline, or when it is cancelled.
#pragma once

#include <troupe/detail/descriptor_wait.hpp>

namespace troupe {

// Throws misuse if the number is negative, at once; and if the descriptor is not open, when it is awaited. Awaiting it
// throws io_failed if the kernel refuses to watch it: no descriptor is left for the first such wait of this
// process, or the user watches too many.
inline detail::descriptor_wait readable(int fd) { return {fd, detail::until::readable}; }
inline detail::descriptor_wait writable(int fd) { return {fd, detail::until::writable}; }

}  // namespace troupe
