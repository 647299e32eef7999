// Functions, files and lines for addresses of code.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "inspect/code_files.hpp"
#include "inspect/held_process.hpp"
#include "inspect/programs.hpp"
#include "inspect/snapshot.hpp"

namespace troupe::inspect {

// Of the frames of ends, which know their module and the offset in its file. The files are those that the program runs
// with now, and are opened for many ends at once; a frame of another file, or of one that cannot be read, is left as it
// is. Inlined calls become frames of their own, and the offsets become those that addr2line takes.
void name_frames(const program_found& program, std::vector<end_row>& ends);

// The calls that a thread of process `pid` was in, innermost first.
std::vector<frame_row> frames_of(pid_t pid, const standing& here, const code_files& files);

}  // namespace troupe::inspect
