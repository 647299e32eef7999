// The files that a process runs code of, opened as they are now mapped there.
//
// The path alone does not say which file that is: the process may be in a container, and its executable may have been
// replaced since it was started. So the file is opened through /proc/PID, and taken only if it is the one that is
// mapped: the same inode, or where a file system numbers its files otherwise there, the same build id.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/owned_fd.hpp"

namespace troupe::inspect {

struct code_range {
    std::uint64_t begin = 0, end = 0;
    std::uint64_t offset = 0;  // in the file
};

struct code_file {
    std::string path;                // as the process knows it; "[vdso]" for what the kernel puts there
    base::owned_fd fd;               // none: the file is not there any more, or may not be read
    std::uint64_t begin = 0;         // of the lowest mapping
    std::uint64_t shift = 0;         // from the addresses in the file to those in the process
    std::vector<code_range> ranges;  // that may be executed
};

class code_files {
public:
    explicit code_files(pid_t pid);

    const std::vector<code_file>& all() const noexcept { return files_; }
    // The file whose code has the address; null for none. `offset` becomes that in the file.
    const code_file* find(std::uint64_t address, std::uint64_t& offset) const noexcept;

private:
    std::vector<code_file> files_;
};

}  // namespace troupe::inspect
