// Files as a whole, and what changes in them.
//
// The two functions do not wait in the loop: a process that reads or writes a large file does nothing else meanwhile.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

// The longest file that is read unless a limit is given: 1 GiB.
inline constexpr std::size_t longest_file = std::size_t{1} << 30;

// Returns what a file contains. Throws io_failed if it cannot be read, and too_large if it has more than `limit` bytes.
std::string read_file(const std::string& path, std::size_t limit = longest_file);

// Makes `content` what a file contains, all at once: whoever reads the file finds what it had before or all of it, also
// if this process is killed or the machine stops in the middle. The file is made if it is not there; if it is, it keeps
// its rights, and a link stays a link, also one that leads to nothing yet. The directory must be writable. Throws
// io_failed, and then the file is as it was.
void write_file(const std::string& path, std::string_view content);

}  // namespace troupe
