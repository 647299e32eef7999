// Standard input, output and error of the program and its actors, and the buffers that lie before them.
//
// A thread that reads holds the lock of its FILE until something comes, which may be never. So nothing here waits for a
// lock: `fflush(nullptr)`, which takes the lock of every FILE, and `cout.flush()`, which takes that of stdout, are
// called nowhere in troupe. What could not be flushed is written by whoever has the lock, or by the process's own end.
#pragma once

namespace troupe::process {

// Descriptors 0, 1 and 2 exist afterwards: one that was closed becomes /dev/null, or where there is none something that
// can be neither read nor written. Otherwise the next descriptor that is opened would be taken for stdout.
void keep_standard_descriptors_open() noexcept;

// Of stdout and stderr, and of the C++ streams before them.
void flush_standard_streams() noexcept;
// Of these, and of every other FILE that something was written to.
void flush_every_stream() noexcept;

// At the very end of a process, before the C library's own: `exit`, which takes the lock of every FILE from glibc 2.41
// on, waits for no thread that reads. One that comes back to its FILE stands still.
void pass_by_readers() noexcept;

// In a copy of another process: what lies in the buffers of FILEs and of the standard C++ streams is the other's, which
// writes it, or has read it. Stdin is /dev/null afterwards.
void leave_inherited_streams() noexcept;

}  // namespace troupe::process
